package sweep

import (
	"strings"
	"testing"
)

func TestParseAxis(t *testing.T) {
	for _, tt := range []struct {
		text, want string // want is "name|value|value" or "error: part of it"
	}{
		{"n_c=8,16,32", "n_c|8|16|32"},
		{"rate=1e-3, 2e-4", "rate|1e-3|2e-4"},
		{`set="a,b",c`, "set|a,b|c"},
		{"one=1", "one|1"},
		{"form=x=y", "form|x=y"},
		{"n_c", "error: want name=value"},
		{"=1,2", "error: want name=value"},
		{"n=1,,2", "error: value 2 is empty"},
		{"n=", "error: "},
		{"n=1,2,1", "error: 1 is there twice"},
	} {
		a, err := ParseAxis(tt.text)
		got := strings.Join(append([]string{a.Name}, a.Values...), "|")
		if err != nil {
			got = "error: " + err.Error()
		}
		if want, isErr := strings.CutPrefix(tt.want, "error: "); isErr && (err == nil || !strings.Contains(got, want)) || !isErr && got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestExpand(t *testing.T) {
	list, err := Expand([]Param{{"steps", "5"}}, []Axis{{"a", []string{"1", "2"}}, {"b", []string{"x", "y/z"}}, Seeds(2)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	names := map[string]bool{}
	for _, p := range list {
		got = append(got, p.String())
		names[p.Name] = true
	}
	want := []string{
		"steps=5 a=1 b=x seed=1", "steps=5 a=1 b=x seed=2", "steps=5 a=1 b=y/z seed=1", "steps=5 a=1 b=y/z seed=2",
		"steps=5 a=2 b=x seed=1", "steps=5 a=2 b=x seed=2", "steps=5 a=2 b=y/z seed=1", "steps=5 a=2 b=y/z seed=2",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(names) != len(list) {
		t.Errorf("%d names for %d points", len(names), len(list))
	}
	if name := list[2].Name; !strings.HasPrefix(name, "a=1,b=y_z,seed=1-") || strings.Contains(name, "/") {
		t.Errorf("name of a folder: %q", name)
	}
	if _, err := Expand([]Param{{"a", "1"}}, []Axis{{"a", []string{"1"}}}); err == nil {
		t.Error("a parameter that is fixed and varied is accepted")
	}
	if one, err := Expand(nil, nil); err != nil || len(one) != 1 {
		t.Errorf("without axes: %v, %v; want one point", one, err)
	}
}

// The order in which parameters are given does not make another run; a value
// does.
func TestRunNameIdentity(t *testing.T) {
	one := func(fixed ...Param) string {
		list, err := Expand(fixed, []Axis{{"a", []string{"1"}}})
		if err != nil {
			t.Fatal(err)
		}
		return list[0].Name
	}
	x, y := Param{"x", "1"}, Param{"y", "2"}
	if one(x, y) != one(y, x) {
		t.Error("the order of parameters changes the name")
	}
	if one(x) == one(Param{"x", "2"}) {
		t.Error("another value has the same name")
	}
	long, err := Expand(nil, []Axis{{"a", []string{strings.Repeat("v", 400)}}})
	if err != nil || len(long[0].Name) > 120 {
		t.Errorf("name of %d bytes, %v", len(long[0].Name), err)
	}
}

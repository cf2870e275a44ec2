package mathml_test

import (
	"fmt"
	"strings"

	"glownotes/kernel/nb/mathml"
)

func ExampleConvert() {
	ml, err := mathml.Convert(`\frac{1}{2}`, false)
	if err != nil {
		fmt.Println(err)
	}
	_, ml, _ = strings.Cut(ml, "<semantics>")
	ml, _, _ = strings.Cut(ml, "<annotation")
	fmt.Println(ml)

	_, err = mathml.Convert(`x + \macro`, false)
	fmt.Println(err)
	// Output:
	// <mrow><mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac></mrow>
	// mathml: offset 4: \macro is not known
}

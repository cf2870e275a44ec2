// Package notebooks holds the notebooks, and the test that checks them as
// they are committed and runs each of them in a short form.
//
// A notebook names its short form in its metadata:
//
//	"glownotes": {"smoke": {"steps": "3"}}
//
// which stands for the parameters of
//
//	go run ./kernel run notebooks/NAME.ipynb -p steps=3
package notebooks

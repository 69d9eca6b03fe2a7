package rules

import "github.com/noidle/noidle/rules/template"

// functionOf returns the function that a value refers to, also by a version or an
// alias, or nil.
func functionOf(v template.Value) *template.Resource {
	r := v.Resource()
	for range 2 {
		if r == nil || r.Type == "AWS::Lambda::Function" {
			return r
		}
		if r.Type != "AWS::Lambda::Alias" && r.Type != "AWS::Lambda::Version" {
			return nil
		}
		r = r.Get("FunctionName").Resource()
	}
	return r
}

// numberOr returns a number, a default where it is missing, and whether it is known.
func numberOr(v template.Value, missing float64) (float64, bool) {
	if v.Missing() {
		return missing, true
	}
	return v.Number()
}

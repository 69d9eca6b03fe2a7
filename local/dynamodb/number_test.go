package dynamodb

import (
	"bytes"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
)

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
func TestNumbers(t *testing.T) {
	tests := []struct{ text, want, error string }{
		{"0", "0", ""},
		{"-0.0e5", "0", ""},
		{"007", "7", ""},
		{"+1", "1", ""},
		{"1.0", "1", ""},
		{".5", "0.5", ""},
		{"5.", "5", ""},
		{"-12.340", "-12.34", ""},
		{"1e3", "1000", ""},
		{"1E-3", "0.001", ""},
		{"12345678901234567890123456789012345678", "12345678901234567890123456789012345678", ""},
		{"0.12345678901234567890123456789012345678", "0.12345678901234567890123456789012345678", ""},
		{"9.9999999999999999999999999999999999999E+125", "99999999999999999999999999999999999999" + strings.Repeat("0", 88), ""},
		{"-1e-130", "-0." + strings.Repeat("0", 129) + "1", ""},
		{"100000e-131", "0." + strings.Repeat("0", 125) + "1", ""},
		{"0e999999999999", "0", ""},
		{"1e126", "", "overflow"},
		{"-1e99999999999999999999", "", "overflow"},
		{"1e-131", "", "underflow"},
		{"1.23456789012345678901234567890123456789", "", "38 significant digits"},
		{"", "", "The parameter cannot be converted to a numeric value"},
		{" 1", "", "numeric value:  1"},
		{"e5", "", "numeric value"},
		{"1e", "", "numeric value"},
		{"1e+", "", "numeric value"},
		{"1.2.3", "", "numeric value"},
		{"--1", "", "numeric value"},
		{"1-1", "", "numeric value"},
		{"NaN", "", "numeric value"},
		{"Infinity", "", "numeric value"},
		{"0x1", "", "numeric value"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			n, err := parseNumber(tt.text)
			if (err == nil) != (tt.error == "") || err != nil && !strings.Contains(err.Error(), tt.error) {
				t.Fatalf("got error %v, want %q", err, tt.error)
			}
			if err == nil && n.String() != tt.want {
				t.Errorf("got %s, want %s", n, tt.want)
			}
		})
	}
}

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func TestSizes(t *testing.T) {
	tests := []struct {
		name string
		v    value
		want int
	}{
		{"string", stringValue("äx"), 3},
		{"binary", value{kind: typeBinary, scalar: "\x00\x01"}, 2},
		{"number of one digit", numberValue("7"), 2},
		{"number of three digits", numberValue("12.3"), 3},
		{"negative number", numberValue("-12"), 3},
		{"zeros do not count", numberValue("1200"), 2},
		{"boolean", value{kind: typeBool}, 1},
		{"null", value{kind: typeNull, scalar: "true"}, 1},
		{"empty list", value{kind: typeList}, 3},
		{"list", listValue([]value{stringValue("ab")}), 6},
		{"map", mapValue(item{"k": stringValue("ab")}), 7},
		{"string set", setValue(typeStringSet, []string{"ab", "c"}), 3},
		{"number set", setValue(typeNumberSet, []string{"1", "2"}), 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { diff(t, tt.v.size(), tt.want) })
	}
}

func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"0", "-0", "1", "-1", "10", "1e125", "-1e-130", "0.1", "-0.1", "9.99", "12345678901234567890123456789012345678", "1e", ".", "00.00100"} {
		f.Add(seed, "1")
		f.Add(seed, "-1.5e-7")
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		a, err := parseNumber(one)
		if err != nil {
			return
		}
		again, err := parseNumber(a.String())
		if err != nil || again != a {
			t.Fatalf("%q became %v and then %v: %v", one, a, again, err)
		}
		exactly, _, err := apd.NewFromString(a.String())
		if err != nil {
			t.Fatal(err)
		}
		if given, _, err := apd.NewFromString(one); err == nil && given.Cmp(exactly) != 0 {
			t.Fatalf("%q became %v", one, a)
		}
		b, err := parseNumber(two)
		if err != nil {
			return
		}
		other, _, err := apd.NewFromString(b.String())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := bytes.Compare(a.appendOrdered(nil), b.appendOrdered(nil)), exactly.Cmp(other); got != want {
			t.Fatalf("%v and %v are in the order %d, want %d", a, b, got, want)
		}
		total, err := addNumbers(a.String(), b.String(), false)
		if err != nil {
			return
		}
		if back, err := addNumbers(total, b.String(), true); err != nil || back != a.String() {
			t.Fatalf("%v + %v = %s, but minus %v that is %s: %v", a, b, total, b, back, err)
		}
	})
}

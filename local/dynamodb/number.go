package dynamodb

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// The limits of numbers
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-data-types).
const (
	maxDigits   = 38
	maxExponent = 125
	minExponent = -130
)

// number is a decimal number: d.ddd × 10^exponent, where digits has neither
// leading nor trailing zeros. Zero has no digits.
type number struct {
	negative bool
	digits   string
	exponent int
}

// numeric has the parts of a number: sign, digits before and after the point,
// exponent.
var numeric = regexp.MustCompile(`^([+-]?)([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?$`)

// parseNumber reads a number as clients write it, and checks its limits.
func parseNumber(text string) (number, error) {
	parts := numeric.FindStringSubmatch(text)
	switch {
	case text == "":
		return number{}, invalid("The parameter cannot be converted to a numeric value")
	case parts == nil || parts[2]+parts[3] == "":
		return number{}, invalid("The parameter cannot be converted to a numeric value: %s", text)
	}
	// An exponent that no integer can have is out of range in any case.
	exponent, _ := strconv.ParseInt(cmp.Or(parts[4], "0"), 10, 32)
	significant := strings.TrimLeft(parts[2]+parts[3], "0")
	n := number{
		negative: parts[1] == "-",
		digits:   strings.TrimRight(significant, "0"),
		exponent: int(exponent) + len(significant) - len(parts[3]) - 1,
	}
	return n, n.check()
}

func (n *number) check() error {
	if n.digits == "" {
		*n = number{}
		return nil
	}
	switch {
	case len(n.digits) > maxDigits:
		return invalid("Attempting to store more than 38 significant digits in a Number")
	case n.exponent > maxExponent:
		return invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
	case n.exponent < minExponent:
		return invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
	}
	return nil
}

// String returns the number as DynamoDB answers it: without an exponent.
func (n number) String() string {
	if n.digits == "" {
		return "0"
	}
	sign := ""
	if n.negative {
		sign = "-"
	}
	point := n.exponent + 1
	switch {
	case point <= 0:
		return sign + "0." + strings.Repeat("0", -point) + n.digits
	case point >= len(n.digits):
		return sign + n.digits + strings.Repeat("0", point-len(n.digits))
	}
	return sign + n.digits[:point] + "." + n.digits[point:]
}

// appendOrdered appends bytes that sort as numbers do, and of which none is the
// beginning of another's: the sign, the exponent, the digits and an end, all but
// the sign inverted when the number is negative.
func (n number) appendOrdered(to []byte) []byte {
	switch {
	case n.digits == "":
		return append(to, 0x80)
	case !n.negative:
		to = append(to, 0x81, byte(n.exponent-minExponent))
		return append(append(to, n.digits...), 0)
	}
	to = append(to, 0x7f, ^byte(n.exponent-minExponent))
	for i := range len(n.digits) {
		to = append(to, ^n.digits[i])
	}
	return append(to, 0xff)
}

// numberSize is the size of a number: a byte for two digits and one more
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
func numberSize(canonical string) int {
	digits := strings.Trim(strings.Replace(strings.TrimPrefix(canonical, "-"), ".", "", 1), "0")
	size := 1 + (len(digits)+1)/2
	if canonical[0] == '-' {
		size++
	}
	return size
}

// exact adds numbers without rounding: their digits are at most 256 places
// apart.
var exact = apd.BaseContext.WithPrecision(400)

// addNumbers returns a + b, or a - b, of numbers in their canonical form.
func addNumbers(a, b string, subtract bool) (string, error) {
	x, _, err := apd.NewFromString(a)
	if err != nil {
		return "", err
	}
	y, _, err := apd.NewFromString(b)
	if err != nil {
		return "", err
	}
	operation := exact.Add
	if subtract {
		operation = exact.Sub
	}
	if _, err := operation(x, x, y); err != nil {
		return "", err
	}
	n, err := parseNumber(x.Text('f'))
	return n.String(), err
}

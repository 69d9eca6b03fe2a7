package states

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// function is an intrinsic function of least to most arguments. A negative most
// is no limit.
type function struct {
	least, most int
	call        func(s *scope, args []any) (any, error)
}

// functions are the intrinsic functions
// (https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html).
var functions = map[string]function{
	"States.Array":        {0, -1, func(_ *scope, args []any) (any, error) { return args, nil }},
	"States.MathRandom":   {2, 3, mathRandom},
	"States.UUID":         {0, 0, func(*scope, []any) (any, error) { return uuid.NewString(), nil }},
	"States.JsonToString": {1, 1, func(_ *scope, args []any) (any, error) { return marshal(args[0]) }},

	"States.ArrayContains": of2(func(array []any, value any) (any, error) {
		return slices.ContainsFunc(array, func(v any) bool { return identity(v) == identity(value) }), nil
	}),
	"States.ArrayGetItem":   of2(arrayGetItem),
	"States.ArrayLength":    of1(func(array []any) (any, error) { return number(int64(len(array))), nil }),
	"States.ArrayPartition": of2(arrayPartition),
	"States.ArrayRange":     of3(arrayRange),
	"States.ArrayUnique":    of1(arrayUnique),
	"States.Base64Decode":   of1(base64Decode),
	"States.Base64Encode": of1(func(text string) (any, error) {
		return base64.StdEncoding.EncodeToString([]byte(text)), checkLength(text)
	}),
	"States.Format": {1, -1, func(_ *scope, args []any) (any, error) {
		template, err := as[string](args[0])
		if err != nil {
			return nil, err
		}
		return format(template, args[1:])
	}},
	"States.Hash":      of2(hashOf),
	"States.JsonMerge": of3(jsonMerge),
	"States.MathAdd":   of2(mathAdd),
	"States.StringSplit": of2(func(text, separators string) (any, error) {
		parts := []any{}
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
			parts = append(parts, part)
		}
		return parts, nil
	}),
	"States.StringToJson": of1(func(text string) (any, error) { return unmarshal(text) }),
}

func of1[A any](f func(A) (any, error)) function {
	return function{1, 1, func(_ *scope, args []any) (any, error) {
		a, err := as[A](args[0])
		if err != nil {
			return nil, err
		}
		return f(a)
	}}
}

func of2[A, B any](f func(A, B) (any, error)) function {
	return function{2, 2, func(_ *scope, args []any) (any, error) {
		a, err := as[A](args[0])
		b, err2 := as[B](args[1])
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		return f(a, b)
	}}
}

func of3[A, B, C any](f func(A, B, C) (any, error)) function {
	return function{3, 3, func(_ *scope, args []any) (any, error) {
		c, err := as[C](args[2])
		if err != nil {
			return nil, err
		}
		return of2(func(a A, b B) (any, error) { return f(a, b, c) }).call(nil, args[:2])
	}}
}

// as converts an argument to the type that a function takes. Numbers that are
// not integers are rounded.
func as[T any](v any) (value T, err error) {
	switch target := any(&value).(type) {
	case *any:
		*target = v
	case *int64:
		*target, err = integer(v)
	default:
		var ok bool
		if value, ok = v.(T); !ok {
			err = fmt.Errorf("invalid argument: %v is not of the type %T", v, value)
		}
	}
	return value, err
}

func integer(v any) (int64, error) {
	text, ok := v.(json.Number)
	if !ok {
		return 0, fmt.Errorf("invalid argument: %v is not a number", v)
	}
	if n, err := text.Int64(); err == nil {
		return n, nil
	}
	f, err := text.Float64()
	if err != nil || math.Abs(f) >= 1<<63 {
		return 0, fmt.Errorf("invalid argument: %s is too large", text)
	}
	return int64(math.Round(f)), nil
}

func number(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

// identity is equal for equal JSON values.
func identity(v any) string {
	if d, ok := decimal(v); ok {
		reduced, _ := d.Reduce(d)
		return reduced.String()
	}
	text, err := marshal(v)
	if err != nil {
		return err.Error()
	}
	return text
}

func arrayGetItem(array []any, index int64) (any, error) {
	if index < 0 || index >= int64(len(array)) {
		return nil, fmt.Errorf("index %d is out of bounds of an array of %d", index, len(array))
	}
	return array[index], nil
}

func arrayPartition(array []any, size int64) (any, error) {
	if size <= 0 {
		return nil, errors.New("the chunk size must be positive")
	}
	chunks := []any{}
	for chunk := range slices.Chunk(array, int(min(size, max(1, int64(len(array)))))) {
		chunks = append(chunks, chunk)
	}
	return chunks, nil
}

func arrayRange(first, last, step int64) (any, error) {
	if step == 0 {
		return nil, errors.New("the step must not be zero")
	}
	count := math.Floor((float64(last)-float64(first))/float64(step)) + 1
	if count > 1000 {
		return nil, errors.New("an array range has at most 1000 items")
	}
	values := []any{}
	for i := range int64(max(count, 0)) {
		values = append(values, number(first+i*step))
	}
	return values, nil
}

func arrayUnique(array []any) (any, error) {
	seen := map[string]bool{}
	unique := []any{}
	for _, value := range array {
		if key := identity(value); !seen[key] {
			seen[key] = true
			unique = append(unique, value)
		}
	}
	return unique, nil
}

func base64Decode(text string) (any, error) {
	data, err := base64.StdEncoding.DecodeString(text)
	return string(data), errors.Join(err, checkLength(text))
}

func checkLength(text string) error {
	if utf8.RuneCountInString(text) > 10000 {
		return errors.New("the data has more than 10000 characters")
	}
	return nil
}

var hashes = map[string]func() hash.Hash{
	"MD5": md5.New, "SHA-1": sha1.New, "SHA-256": sha256.New, "SHA-384": sha512.New384, "SHA-512": sha512.New,
}

func hashOf(data any, algorithm string) (any, error) {
	text, err := display(data)
	if err := errors.Join(err, checkLength(text)); err != nil {
		return nil, err
	}
	algorithmOf, ok := hashes[algorithm]
	if !ok {
		return nil, fmt.Errorf("algorithm %q is not one of MD5, SHA-1, SHA-256, SHA-384, SHA-512", algorithm)
	}
	h := algorithmOf()
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil)), nil
}

func jsonMerge(a, b map[string]any, deep bool) (any, error) {
	if deep {
		return nil, errors.New("deep merging is not supported: pass false")
	}
	merged := make(map[string]any, len(a)+len(b))
	maps.Copy(merged, a)
	maps.Copy(merged, b)
	return merged, nil
}

func mathAdd(a, b int64) (any, error) {
	sum := a + b
	if (sum > a) != (b > 0) && b != 0 {
		return nil, fmt.Errorf("%d + %d is too large", a, b)
	}
	return number(sum), nil
}

// mathRandom returns a number from the first argument up to, but not including,
// the second, always the same for the same seed.
func mathRandom(s *scope, args []any) (any, error) {
	first, err := integer(args[0])
	end, err2 := integer(args[1])
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	if end <= first || end-first <= 0 {
		return nil, fmt.Errorf("there is no number from %d up to %d", first, end)
	}
	random := s.random
	if len(args) == 3 {
		seed, err := integer(args[2])
		if err != nil {
			return nil, err
		}
		random = rand.New(rand.NewPCG(uint64(seed), 0)).Int64N
	}
	return number(first + random(end-first)), nil
}

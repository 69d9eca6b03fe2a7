package dynamodb

import "testing"

// What a table keeps is what was written, byte for byte.
func TestStored(t *testing.T) {
	tests := []struct {
		name string
		item item
	}{
		{"nothing", nil},
		{"no attributes", item{}},
		{"text", item{"a": stringValue(""), "b": stringValue("주문 \"x\" \\ \n \u2028 <&> \ufffd , ")}},
		{"names that need quotes", item{"a\"b,\\": stringValue("x")}},
		{"numbers", item{"n": numberValue("-0.00000000000000000000000000000000000000000000000000012"), "m": numberValue("99999999999999999999999999999999999999")}},
		{"binary", item{"b": {kind: typeBinary, scalar: "\x00\xff,"}, "e": {kind: typeBinary}}},
		{"truth", item{"t": {kind: typeBool, scalar: "true"}, "f": {kind: typeBool, scalar: "false"}, "n": {kind: typeNull, scalar: "true"}}},
		{"sets", item{"ss": setValue(typeStringSet, []string{"b", "a,"}), "ns": setValue(typeNumberSet, []string{"1", "-2.5"}), "bs": setValue(typeBinarySet, []string{"\x01", "\xfe"})}},
		{"containers", item{"l": listValue([]value{numberValue("1"), listValue(nil), mapValue(item{}), mapValue(item{"x": listValue([]value{stringValue("y")})})})}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := store(tt.item).item()
			if !got.equal(tt.item) || (got == nil) != (tt.item == nil) || got.size() != tt.item.size() {
				t.Errorf("stored as %s, it is %v, want %v", store(tt.item), got, tt.item)
			}
		})
	}
}

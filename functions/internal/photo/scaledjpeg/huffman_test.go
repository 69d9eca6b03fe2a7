package scaledjpeg

import (
	"slices"
	"testing"
)

// TestJumpsManyZeros has a table whose shortest code stands for 16 zeros, so that a jump goes on by
// far more than a block has. That must not look like the end of the block.
func TestJumpsManyZeros(t *testing.T) {
	definition := append([]byte{1, 1, 1, 15: 0}, 0xf0, 0xe1, 0x00)
	var codes codeTable
	if err := codes.build(definition, 0); err != nil {
		t.Fatal(err)
	}
	var table acTable
	table.build(&codes)
	tests := []struct {
		name string
		data []byte
		want bool
	}{
		{"48 zeros and the end", []byte{0b000_110_00}, true},
		{"64 zeros", []byte{0b0000_0000}, false},
		{"two coefficients, zeros and the end", []byte{0b101_0_100_1, 0b10_000000}, true},
		{"the end alone", []byte{0b110_00000}, true},
		{"an invalid code", []byte{0b111_00000}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var r bitReader
			r.start(slices.Concat(test.data, make([]byte, 16)), 0)
			if _, _, _, got := r.skipAC(&table, 1, r.acc, r.n, r.pos); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	t.Run("from the last coefficient", func(t *testing.T) {
		var r bitReader
		r.start(slices.Concat([]byte{0b000_101_0_0}, make([]byte, 16)), 0)
		if _, _, _, ok := r.skipAC(&table, 63, r.acc, r.n, r.pos); ok {
			t.Error("zeros beyond the block are no error")
		}
	})
}

package scaledjpeg

// The marker codes of T.81 table B.1, the second byte of a marker.
const (
	tem   = 0x01
	sof0  = 0xc0 // baseline DCT
	sof1  = 0xc1 // extended sequential DCT
	sof2  = 0xc2 // progressive DCT
	dht   = 0xc4
	rst0  = 0xd0
	rst7  = 0xd7
	soi   = 0xd8
	eoi   = 0xd9
	sos   = 0xda
	dqt   = 0xdb
	dnl   = 0xdc
	dri   = 0xdd
	dhp   = 0xde
	exp   = 0xdf
	app0  = 0xe0
	app1  = 0xe1
	app2  = 0xe2
	app14 = 0xee
)

// processes are the names of the frames that this package does not read (T.81 table B.1).
var processes = map[byte]string{
	0xc3: "lossless coding (SOF3)",
	0xc5: "hierarchical coding (SOF5)",
	0xc6: "hierarchical coding (SOF6)",
	0xc7: "hierarchical lossless coding (SOF7)",
	0xc9: "arithmetic coding (SOF9)",
	0xca: "arithmetic coding, progressive (SOF10)",
	0xcb: "arithmetic coding, lossless (SOF11)",
	0xcd: "arithmetic coding, hierarchical (SOF13)",
	0xce: "arithmetic coding, hierarchical (SOF14)",
	0xcf: "arithmetic coding, hierarchical lossless (SOF15)",
	dhp:  "hierarchical coding (DHP)",
	exp:  "hierarchical coding (EXP)",
}

// naturalOrder is the place of each coefficient of the zig-zag sequence in its block, row by
// row (T.81 figure A.6).
var naturalOrder = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10,
	17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34,
	27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36,
	29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46,
	53, 60, 61, 54, 47, 55, 62, 63,
}

package resample

import "encoding/binary"

// reduceColumns makes one row of weighted source rows, of which source is the first.
func reduceColumns(row, source []byte, stride int, weights []uint64) {
	x := 0
	for ; x+16 <= len(row); x += 16 {
		var a, b, c, d uint64 = sumStart, sumStart, sumStart, sumStart
		offset := x
		for _, weight := range weights {
			samples := source[offset : offset+16]
			low, high := binary.LittleEndian.Uint64(samples), binary.LittleEndian.Uint64(samples[8:])
			a += (low & byteLanes) * weight
			b += (low >> 8 & byteLanes) * weight
			c += (high & byteLanes) * weight
			d += (high >> 8 & byteLanes) * weight
			offset += stride
		}
		to := row[x : x+16]
		binary.LittleEndian.PutUint64(to, round(a)|round(b)<<8)
		binary.LittleEndian.PutUint64(to[8:], round(c)|round(d)<<8)
	}
	for ; x < len(row); x++ {
		sum := uint64(sumStart)
		offset := x
		for _, weight := range weights {
			sum += uint64(source[offset]) * weight
			offset += stride
		}
		row[x] = uint8(round(sum))
	}
}

// gather puts the samples of four rows into the lanes of one word per column.
func gather(columns []uint64, rows *[4][]byte) {
	a, b, c, d := rows[0][:len(columns)], rows[1][:len(columns)], rows[2][:len(columns)], rows[3][:len(columns)]
	for i := range columns {
		columns[i] = uint64(a[i]) | uint64(b[i])<<16 | uint64(c[i])<<32 | uint64(d[i])<<48
	}
}

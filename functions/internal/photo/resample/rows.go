package resample

// reduceRows makes four rows, whose columns are in the lanes of the given words.
func reduceRows(rows *[4][]byte, columns []uint64, horizontal axis) {
	weights, taps := horizontal.weights, horizontal.taps
	start, count := horizontal.first[0], len(horizontal.first)
	a, b, c, d := rows[0][:count], rows[1][:count], rows[2][:count], rows[3][:count]
	for i, first := range horizontal.first {
		samples, w := columns[first-start:][:taps], weights[:taps]
		weights = weights[taps:]
		sum := uint64(sumStart)
		for len(samples) >= 2 && len(w) >= 2 {
			sum += samples[0]*w[0] + samples[1]*w[1]
			samples, w = samples[2:], w[2:]
		}
		if len(samples) > 0 && len(w) > 0 {
			sum += samples[0] * w[0]
		}
		sum = round(sum)
		a[i], b[i], c[i], d[i] = uint8(sum), uint8(sum>>16), uint8(sum>>32), uint8(sum>>48)
	}
}

// reduceRows4 is reduceRows for pixels of four channels: red, green and blue, each times
// alpha, and alpha. No colour of the result exceeds its alpha.
func reduceRows4(rows *[4][]byte, columns []uint64, horizontal axis) {
	taps, start := horizontal.taps, horizontal.first[0]
	for i, first := range horizontal.first {
		samples := columns[(first-start)*4:][:taps*4]
		var red, green, blue, alpha uint64 = sumStart, sumStart, sumStart, sumStart
		for _, weight := range horizontal.of(i) {
			pixel := (*[4]uint64)(samples)
			red += pixel[0] * weight
			green += pixel[1] * weight
			blue += pixel[2] * weight
			alpha += pixel[3] * weight
			samples = samples[4:]
		}
		red, green, blue, alpha = round(red), round(green), round(blue), round(alpha)
		for _, row := range rows {
			pixel := (*[4]uint8)(row[i*4:])
			a := uint8(alpha)
			*pixel = [4]uint8{min(uint8(red), a), min(uint8(green), a), min(uint8(blue), a), a}
			red, green, blue, alpha = red>>16, green>>16, blue>>16, alpha>>16
		}
	}
}

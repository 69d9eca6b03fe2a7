package resample

// Four samples are reduced at once, each in a lane of 16 bits of a 64-bit word. A lane
// has no sign, and weights may be negative: every sum starts from a bias that keeps it
// above zero, and from the half that rounds it.
const (
	lanes     = 1<<48 | 1<<32 | 1<<16 | 1
	byteLanes = 0xff * lanes
	bias      = 128
	sumStart  = (bias<<weightBits | 1<<(weightBits-1)) * lanes
)

// round returns the samples of four sums, each in its lane.
func round(sums uint64) uint64 {
	samples := sums>>weightBits&(lanes*(1<<(16-weightBits)-1)) - bias*lanes
	if samples&^byteLanes != 0 {
		return clamp(sums)
	}
	return samples
}

// clamp is round where a sample is below 0 or above 255.
//
//go:noinline
func clamp(sums uint64) (samples uint64) {
	for shift := 0; shift < 64; shift += 16 {
		sample := int(sums>>shift&0xffff>>weightBits) - bias
		samples |= uint64(min(max(sample, 0), 255)) << shift
	}
	return samples
}

// plane is a rectangle of samples of 8 bits.
type plane struct {
	samples []byte
	stride  int // bytes from one row to the next
}

// reduce makes a picture of as many pixels as the axes have, each of the given channels.
func reduce(result, source plane, horizontal, vertical axis, channels int) {
	from := horizontal.first[0] * channels
	to := (horizontal.first[len(horizontal.first)-1] + horizontal.taps) * channels
	var reduced, rows [4][]byte
	for i := range reduced {
		reduced[i] = make([]byte, to-from)
	}
	columns := make([]uint64, to-from)
	height, width := len(vertical.first), len(horizontal.first)*channels
	for y := 0; y < height; y += 4 {
		for i := range rows {
			row := y + i
			if row >= height {
				// The four at the end are filled up with the last row.
				rows[i], reduced[i] = rows[i-1], reduced[i-1]
				continue
			}
			start := vertical.first[row]*source.stride + from
			reduceColumns(reduced[i], source.samples[start:], source.stride, vertical.of(row))
			rows[i] = result.samples[row*result.stride:][:width]
		}
		gather(columns, &reduced)
		if channels == 4 {
			reduceRows4(&rows, columns, horizontal)
		} else {
			reduceRows(&rows, columns, horizontal)
		}
	}
}

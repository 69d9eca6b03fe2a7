package photo

import (
	"encoding/binary"
	"iter"
)

// chunk is one of a RIFF file.
type chunk struct {
	name string
	body []byte
	// missing is set if the body goes on behind the end of the file.
	missing bool
}

// chunksOf returns the chunks in the body of a RIFF file or of a chunk.
func chunksOf(data []byte) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		for len(data) >= 8 {
			size := int64(binary.LittleEndian.Uint32(data[4:]))
			end := min(8+size, int64(len(data)))
			if !yield(chunk{string(data[:4]), data[8:end], end < 8+size}) {
				return
			}
			// A body of odd length is padded.
			data = data[min(end+size%2, int64(len(data))):]
		}
	}
}

// appendChunk appends a chunk to a RIFF file.
func appendChunk(file []byte, name string, body ...[]byte) []byte {
	size := 0
	for _, part := range body {
		size += len(part)
	}
	file = append(file, name...)
	file = binary.LittleEndian.AppendUint32(file, uint32(size))
	for _, part := range body {
		file = append(file, part...)
	}
	if size%2 == 1 {
		file = append(file, 0)
	}
	return file
}

// riffHeader is the header of a RIFF file, with its size filled in by finishRIFF.
const riffHeader = "RIFF\x00\x00\x00\x00WEBP"

func finishRIFF(file []byte) []byte {
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	return file
}

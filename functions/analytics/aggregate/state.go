package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/segmentio/asm/base64"

	"github.com/noidle/noidle/functions/internal/trend"
	"github.com/noidle/noidle/functions/kit/stream"
)

// The answer of a function with windows is the state and the record that failed, if
// any. The state is JSON, and so {"counts":"…"} in base64; {} is none.
const (
	beforeState = `{"state":`
	opening     = `{"counts":"`
	closing     = `"}`
)

// kept is a shard as it was answered. The state that comes with the next batch of
// the shard is nearly always that one, and need not be decoded then.
type kept struct {
	shard *trend.Shard
	// answer is used again for the next, so it is valid until then.
	answer []byte
	// state is the part of answer that comes back.
	state []byte
}

// encode makes the answer for a shard. Buffer is memory to encode it in, and
// returned for the next time.
func (k *kept) encode(buffer []byte, failed string) ([]byte, error) {
	buffer = k.shard.AppendState(buffer[:0])
	k.answer = append(append(k.answer[:0], beforeState...), opening...)
	start, size := len(k.answer), base64.StdEncoding.EncodedLen(len(buffer))
	k.answer = append(k.answer, make([]byte, size)...)
	base64.StdEncoding.Encode(k.answer[start:], buffer)
	k.answer = append(k.answer, closing...)
	k.state = k.answer[len(beforeState):]
	k.answer = append(k.answer, `,"batchItemFailures":[`...)
	if failed != "" {
		failure, err := json.Marshal(stream.Failure{ItemIdentifier: failed})
		if err != nil {
			return nil, err
		}
		k.answer = append(k.answer, failure...)
	}
	k.answer = append(k.answer, `]}`...)
	return buffer, nil
}

// decodeState returns what was encoded, nil for none, and may overwrite the state.
// Lambda may have written the JSON anew.
func decodeState(state []byte) ([]byte, error) {
	if text, ok := bytes.CutPrefix(state, []byte(opening)); ok {
		if text, ok := bytes.CutSuffix(text, []byte(closing)); ok && bytes.IndexByte(text, '\\') < 0 {
			if n, err := base64.StdEncoding.Decode(text, text); err == nil {
				return text[:n], nil
			}
		}
	}
	var decoded struct {
		Counts []byte `json:"counts"`
	}
	if err := json.Unmarshal(state, &decoded); err != nil {
		return nil, fmt.Errorf("state %.100q is not of this function: %w", state, err)
	}
	return decoded.Counts, nil
}

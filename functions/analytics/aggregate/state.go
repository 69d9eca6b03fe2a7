package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// A state is {"counts":"…"} in base64, since a state is JSON; {} is none.
const (
	opening = `{"counts":"`
	closing = `"}`
)

func encodeState(data []byte) []byte {
	state := make([]byte, 0, len(opening)+base64.StdEncoding.EncodedLen(len(data))+len(closing))
	state = append(state, opening...)
	state = base64.StdEncoding.AppendEncode(state, data)
	return append(state, closing...)
}

// decodeState returns what [encodeState] encoded, nil for none. Lambda may have
// written the JSON anew.
func decodeState(state []byte) ([]byte, error) {
	if text, ok := bytes.CutPrefix(state, []byte(opening)); ok {
		if text, ok := bytes.CutSuffix(text, []byte(closing)); ok {
			if data, err := base64.StdEncoding.AppendDecode(nil, text); err == nil {
				return data, nil
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

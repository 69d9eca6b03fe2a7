package main

import "strings"

// smallMemory is what a photo of up to 12 megapixels may take.
const smallMemory = 64 << 20

// goal is the ratio of CPU times that is to be reached: this project's to sharp's.
func (p photo) goal(boxes string) float64 {
	switch {
	case !strings.HasPrefix(p.kind, "jpeg-"):
		return 2
	case boxes == threeBoxes:
		return 1
	case p.kind == "jpeg-progressive":
		return 0.15
	default:
		return 0.7
	}
}

// memoryGoal is the memory in bytes that is to be kept to, 0 where there is none.
func (p photo) memoryGoal() int64 {
	if strings.HasPrefix(p.kind, "jpeg-") && p.width*p.height <= 12_000_000 {
		return smallMemory
	}
	return 0
}

func verdict(reached bool) string {
	if reached {
		return "ok"
	}
	return "missed"
}

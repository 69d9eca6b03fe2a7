package main

import (
	"fmt"
	"image"
	_ "image/jpeg" // for image.Decode
	"math"
	"os"
)

// likeness tells how alike two pictures are.
type likeness struct {
	// decibels is the peak signal-to-noise ratio, infinite for equal pictures and
	// 0 for those of different sizes.
	decibels float64
	sameSize bool
}

func (l likeness) worse(other likeness) likeness {
	return likeness{min(l.decibels, other.decibels), l.sameSize && other.sameSize}
}

func (l likeness) String() string {
	if !l.sameSize {
		return "other size"
	}
	return fmt.Sprintf("%.1f", l.decibels)
}

func compareFiles(a, b string) (likeness, error) {
	first, err := decode(a)
	if err != nil {
		return likeness{}, err
	}
	second, err := decode(b)
	if err != nil {
		return likeness{}, err
	}
	return compare(first, second), nil
}

func decode(file string) (image.Image, error) {
	reader, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = reader.Close() }()
	picture, _, err := image.Decode(reader)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", file, err)
	}
	return picture, nil
}

// compare takes the peak signal-to-noise ratio over red, green and blue.
func compare(a, b image.Image) likeness {
	size := a.Bounds().Size()
	if size != b.Bounds().Size() {
		return likeness{}
	}
	sum := 0.0
	for y := range size.Y {
		for x := range size.X {
			r, g, blue, _ := a.At(a.Bounds().Min.X+x, a.Bounds().Min.Y+y).RGBA()
			otherR, otherG, otherBlue, _ := b.At(b.Bounds().Min.X+x, b.Bounds().Min.Y+y).RGBA()
			sum += square(r, otherR) + square(g, otherG) + square(blue, otherBlue)
		}
	}
	mean := sum / float64(3*size.X*size.Y)
	return likeness{10 * math.Log10(0xffff*0xffff/mean), true}
}

func square(a, b uint32) float64 {
	difference := float64(a) - float64(b)
	return difference * difference
}

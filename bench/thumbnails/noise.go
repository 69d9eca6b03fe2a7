package main

import "math"

// noise is smooth noise over the plane with features of about one unit: values
// on a lattice of whole numbers that follow from the seed, and cubic steps
// between them. Its values lie in [-1, 1].
type noise uint64

func (n noise) at(x, y float64) float64 {
	floorX, floorY := math.Floor(x), math.Floor(y)
	column, row := int64(floorX), int64(floorY)
	right, down := smooth(x-floorX), smooth(y-floorY)
	above := mix(n.lattice(column, row), n.lattice(column+1, row), right)
	below := mix(n.lattice(column, row+1), n.lattice(column+1, row+1), right)
	return mix(above, below, down)
}

// octaves adds up noise of ever smaller features: each octave has half the
// feature size and the given share of the amplitude of the one before.
func (n noise) octaves(x, y float64, count int, gain float64) float64 {
	sum, amplitude := 0.0, 1.0
	for octave := range count {
		sum += amplitude * (n+noise(octave)*7919).at(x, y)
		x, y, amplitude = x*2, y*2, amplitude*gain
	}
	return sum
}

// lattice is evenly spread over [-1, 1].
func (n noise) lattice(x, y int64) float64 {
	return float64(int64(n.bits(x, y))) / (1 << 63)
}

// gaussian is about normally distributed, with a standard deviation of 1.
func (n noise) gaussian(x, y int64) float64 {
	bits := n.bits(x, y)
	sum := 0
	for range 4 {
		sum += int(bits & 0xffff)
		bits >>= 16
	}
	const mean, deviation = 4 * 65535.0 / 2, 37837.2 // of four even values of 16 bits
	return (float64(sum) - mean) / deviation
}

// bits mixes the seed and a place with the finalizer of SplitMix64,
// https://prng.di.unimi.it/splitmix64.c
func (n noise) bits(x, y int64) uint64 {
	bits := uint64(n)*0x9e3779b97f4a7c15 + uint64(x)*0xd1b54a32d192ed03 + uint64(y)*0x8cb92ba72f3d8dd7
	bits = (bits ^ bits>>30) * 0xbf58476d1ce4e5b9
	bits = (bits ^ bits>>27) * 0x94d049bb133111eb
	return bits ^ bits>>31
}

// smooth is the cubic step from 0 to 1.
func smooth(t float64) float64 { return t * t * (3 - 2*t) }

// step rises smoothly from 0 at from to 1 at to.
func step(from, to, value float64) float64 {
	return smooth(min(max((value-from)/(to-from), 0), 1))
}

func mix(a, b, share float64) float64 { return a + (b-a)*share }

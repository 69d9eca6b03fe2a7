package main

import (
	"math"
	"runtime"
	"sync"
)

// colour is red, green and blue, each from 0 to 255.
type colour [3]float64

func (c colour) mix(other colour, share float64) colour {
	return colour{mix(c[0], other[0], share), mix(c[1], other[1], share), mix(c[2], other[2], share)}
}

func (c colour) times(light float64) colour {
	return colour{c[0] * light, c[1] * light, c[2] * light}
}

// landscape is what a camera of so many pixels sees of one scene: a sky with
// clouds, mountains in the haze, wooded hills, a brick house and a meadow. Detail
// reaches down to the single pixel, and a sensor adds its noise. The same size
// gives the same pixels.
type landscape struct {
	width, height int
	pixel         float64 // its size, where the picture is 1 high
}

// pixels is the picture as rows of red, green and blue bytes.
func (l landscape) pixels() []byte {
	picture := make([]byte, l.width*l.height*3)
	var wg sync.WaitGroup
	bands := runtime.GOMAXPROCS(0)
	for band := range bands {
		wg.Go(func() {
			for row := band; row < l.height; row += bands {
				l.row(row, picture[row*l.width*3:])
			}
		})
	}
	wg.Wait()
	return picture
}

func (l landscape) row(row int, out []byte) {
	for column := range l.width {
		seen := l.colour(float64(column)*l.pixel, float64(row)*l.pixel)
		for channel, value := range sensor(seen, int64(column), int64(row)) {
			out[column*3+channel] = byte(min(max(value+0.5, 0), 255))
		}
	}
}

// sensor adds noise that grows with the light. A camera reduces the noise of the
// colours more than that of the brightness.
func sensor(seen colour, column, row int64) colour {
	const brightness, colours = noise(901), noise(911)
	common := brightness.gaussian(column, row)
	for channel := range seen {
		own := (colours + noise(channel)).at(float64(column)/2, float64(row)/2)
		strength := 1 + 0.24*math.Sqrt(max(seen[channel], 0))
		seen[channel] += strength * (common + own)
	}
	return seen
}

// colour is the light from one place: x to the right and y down, both in heights
// of the picture. What is nearer covers what is farther.
func (l landscape) colour(x, y float64) colour {
	const (
		mountain, hill, meadow = noise(101), noise(103), noise(107)
		sharpness              = 1.5 // the width of an edge, in pixels
	)
	below := func(edge float64) float64 { return step(-sharpness, sharpness, (y-edge)/l.pixel) }

	mountainEdge := 0.42 + 0.09*mountain.octaves(x*2.3, 0, 9, 0.5)
	hillEdge := 0.56 + 0.05*hill.octaves(x*1.7, 0, 3, 0.5) + 0.004*hill.octaves(x*90, 5, 6, 0.6)
	meadowEdge := 0.74 + 0.02*meadow.octaves(x*1.3, 0, 2, 0.5)

	var seen colour
	if y < mountainEdge+0.01 {
		seen = sky(x, y)
	}
	if share := below(mountainEdge); share > 0 {
		seen = seen.mix(mountains(x, y, y-mountainEdge), share)
	}
	if share := below(hillEdge); share > 0 {
		seen = seen.mix(woods(x, y), share)
	}
	if share := below(meadowEdge); share > 0 {
		seen = seen.mix(grass(x, y, y-meadowEdge), share)
	}
	return l.house(x, y, seen)
}

func sky(x, y float64) colour {
	const clouds = noise(201)
	blue := colour{70, 125, 200}.mix(colour{190, 210, 228}, step(0, 0.5, y))
	density := clouds.octaves(x*2, y*4, 7, 0.5)
	return blue.mix(colour{244, 243, 240}.times(0.93+0.06*density), 0.9*step(0.05, 0.9, density))
}

func mountains(x, y, depth float64) colour {
	const rock, snow = noise(211), noise(223)
	shade := rock.octaves(x*9+y*5, y*14, 9, 0.78)
	stone := colour{112, 122, 142}.times(1 + 0.2*shade)
	white := colour{226, 231, 240}.times(1 + 0.05*shade)
	covered := step(0.02, -0.03, depth-0.05+0.03*snow.octaves(x*20, y*30, 6, 0.6))
	return stone.mix(white, covered).mix(colour{176, 192, 212}, 0.35*step(0, 0.15, depth))
}

func woods(x, y float64) colour {
	const crowns, leaves = noise(307), noise(311)
	light := crowns.octaves(x*38, y*46, 3, 0.6)
	detail := leaves.octaves(x*190, y*210, 6, 0.85)
	green := colour{52, 84, 44}.mix(colour{104, 120, 54}, 0.5+0.4*light)
	return green.times(max(0.2, 1+0.3*light+0.3*detail))
}

// grass is finer in the distance: its features shrink with the depth.
func grass(x, y, depth float64) colour {
	const patches, blades, flowers = noise(401), noise(409), noise(419)
	near := 0.12 + max(depth, 0)*3
	patch := patches.octaves(x*5, y*16, 5, 0.55)
	blade := blades.octaves(x*120/near, y*34/near, 6, 0.85)
	green := colour{88, 118, 46}.mix(colour{152, 150, 72}, 0.5+0.35*patch)
	seen := green.times(max(0.3, 1+0.1*patch+0.3*blade))
	bloom := step(0.8, 0.92, flowers.at(x*70/near, y*90/near))
	return seen.mix(colour{232, 216, 96}, bloom)
}

// house stands before what is seen: a wall of bricks with windows, below a roof.
func (l landscape) house(x, y float64, seen colour) colour {
	const left, right, eaves, ground, ridge = 0.82, 1.2, 0.5, 0.84, 0.37
	inside := func(low, value, high float64) float64 {
		return step(-1, 1, (value-low)/l.pixel) * step(-1, 1, (high-value)/l.pixel)
	}
	if x < left-0.05 || x > right+0.05 || y < ridge-0.01 || y > ground+0.01 {
		return seen
	}
	slope := eaves - (eaves-ridge)*(1-math.Abs(x-(left+right)/2)/((right-left)/2+0.03))
	seen = seen.mix(tiles(x, y), inside(slope, y, eaves))
	seen = seen.mix(l.wall(x, y), inside(left, x, right)*inside(eaves, y, ground))
	for column := range 3 {
		for row := range 2 {
			windowX, windowY := left+0.05+float64(column)*0.11, eaves+0.05+float64(row)*0.15
			frame := inside(windowX, x, windowX+0.06) * inside(windowY, y, windowY+0.08)
			glass := inside(windowX+0.005, x, windowX+0.055) * inside(windowY+0.005, y, windowY+0.075)
			bar := inside(windowX+0.028, x, windowX+0.032)
			seen = seen.mix(colour{236, 232, 222}, frame).mix(pane(x, y), glass*(1-bar))
		}
	}
	return seen
}

func tiles(x, y float64) colour {
	const weather = noise(503)
	wave := math.Sin(x*900) * math.Sin(y*700)
	return colour{104, 62, 52}.times(1 + 0.12*wave + 0.12*weather.octaves(x*40, y*40, 7, 0.65))
}

func (l landscape) wall(x, y float64) colour {
	const kiln, surface = noise(509), noise(521)
	const brickWidth, brickHeight, joint = 0.012, 0.0045, 0.0008
	course := math.Floor(y / brickHeight)
	shifted := x/brickWidth + 0.5*math.Mod(course, 2)
	fromSide := (shifted - math.Floor(shifted)) * brickWidth
	fromTop := y - course*brickHeight
	brick := step(joint-l.pixel, joint+l.pixel, fromSide) * step(joint-l.pixel, joint+l.pixel, fromTop)
	burnt := 1 + 0.15*kiln.lattice(int64(math.Floor(shifted)), int64(course))
	rough := 1 + 0.08*surface.octaves(x*300, y*300, 5, 0.85)
	return colour{182, 174, 160}.mix(colour{156, 88, 68}.times(burnt), brick).times(rough)
}

func pane(x, y float64) colour {
	const reflection = noise(541)
	return colour{38, 46, 58}.mix(colour{150, 172, 196}, 0.35+0.3*reflection.octaves(x*12, y*12, 4, 0.5))
}

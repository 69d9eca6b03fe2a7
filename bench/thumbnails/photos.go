package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// photo is a picture of the landscape that both sides make thumbnails of.
type photo struct {
	name          string
	kind          string // of encode.mjs
	extension     string
	width, height int
}

var photos = []photo{
	{"jpeg-12mp-420", "jpeg-420", "jpg", 4000, 3000},
	{"jpeg-12mp-444", "jpeg-444", "jpg", 4000, 3000},
	{"jpeg-12mp-progressive", "jpeg-progressive", "jpg", 4000, 3000},
	{"jpeg-24mp-420", "jpeg-420", "jpg", 6000, 4000},
	{"jpeg-24mp-444", "jpeg-444", "jpg", 6000, 4000},
	{"png-4mp", "png", "png", 2400, 1680},
	{"webp-3mp", "webp", "webp", 2048, 1536},
}

func (p photo) file(directory string) string {
	return filepath.Join(directory, p.name+"."+p.extension)
}

// writePhotos writes the photos that directory has not yet. Photos of one size
// show the same pixels.
func writePhotos(photos []photo, directory string) error {
	if err := os.MkdirAll(directory, 0o777); err != nil {
		return err
	}
	scenes := map[[2]int][]byte{}
	for _, p := range photos {
		if _, err := os.Stat(p.file(directory)); err == nil {
			continue
		}
		size := [2]int{p.width, p.height}
		if scenes[size] == nil {
			clear(scenes) // one is large enough
			scenes[size] = landscape{p.width, p.height, 1 / float64(p.height)}.pixels()
		}
		if err := p.encode(scenes[size], p.file(directory)); err != nil {
			return err
		}
	}
	return nil
}

func (p photo) encode(pixels []byte, file string) error {
	encode := exec.Command("node", script("encode.mjs"), p.kind, strconv.Itoa(p.width), strconv.Itoa(p.height), file)
	encode.Stdin = bytes.NewReader(pixels)
	if output, err := encode.CombinedOutput(); err != nil {
		return fmt.Errorf("encode %s: %w: %s", file, err, bytes.TrimSpace(output))
	}
	return nil
}

// script is a file beside this one. The program runs in the root of the module.
func script(name string) string { return filepath.Join("bench", "thumbnails", name) }

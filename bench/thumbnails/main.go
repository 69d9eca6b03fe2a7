package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// photoDirectory keeps the photos from one run to the next.
var photoDirectory = script("photos")

func main() {
	rounds := flag.Int("rounds", 5, "how often both sides take turns for each line")
	names := flag.String("photos", "", "only these photos: "+strings.Join(photoNames(), ","))
	generate := flag.Bool("generate", false, "only write the photos")
	flag.Parse()
	if err := run(*rounds, *names, *generate, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "thumbnails:", err)
		os.Exit(1)
	}
}

func run(rounds int, names string, generate bool, out io.Writer) error {
	if rounds < 1 {
		return fmt.Errorf("-rounds %d: must be at least 1", rounds)
	}
	chosen, err := choose(names)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "writing the photos that are not there yet")
	if err := writePhotos(chosen, photoDirectory); err != nil || generate {
		return err
	}
	directory, err := os.MkdirTemp("", "thumbnails")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(directory) }()
	ours, err := buildOurs(filepath.Join(directory, "ours"))
	if err != nil {
		return err
	}
	return report(chosen, ours, rounds, directory, out)
}

// choose returns the photos with these names, all without a name.
func choose(names string) ([]photo, error) {
	if names == "" {
		return photos, nil
	}
	var chosen []photo
	for name := range strings.SplitSeq(names, ",") {
		index := slices.Index(photoNames(), name)
		if index < 0 {
			return nil, fmt.Errorf("-photos %s: no such photo: use %s", name, strings.Join(photoNames(), ", "))
		}
		chosen = append(chosen, photos[index])
	}
	return chosen, nil
}

func photoNames() []string {
	var names []string
	for _, p := range photos {
		names = append(names, p.name)
	}
	return names
}

// Command campaign is the chaos campaign: it drives the reference app through a
// local cloud that injects faults, and checks that nothing is lost.
//
//	campaign [-length 3m] [-seed N] [-rate 0.05] DIR
//
// DIR holds the cloud assembly, with its functions built for this machine. The exit
// status is 1 if anything is lost, doubled or unexplained.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"

	"github.com/noidle/noidle/test/campaign/trial"
)

func main() {
	length := flag.Duration("length", 3*time.Minute, "for how long new work begins")
	seed := flag.Uint64("seed", 0, "what decides the work and the faults; 0 picks one")
	rate := flag.Float64("rate", 0.05, "the share of opportunities that a fault strikes, 0 to 1")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: campaign [-length 3m] [-seed N] [-rate 0.05] DIR")
		os.Exit(2)
	}
	if *seed == 0 {
		*seed = 1 + rand.Uint64N(1_000_000)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	passed, err := run(ctx, flag.Arg(0), trial.Options{Seed: *seed, Rate: *rate, Length: *length})
	if err != nil {
		fmt.Fprintln(os.Stderr, "campaign:", err)
	}
	if !passed {
		os.Exit(1)
	}
}

func run(ctx context.Context, assembly string, o trial.Options) (passed bool, err error) {
	fmt.Printf("seed %d repeats this campaign\n", o.Seed)
	o.Progress = func(line string) { fmt.Fprintln(os.Stderr, line) }
	result, err := trial.Run(ctx, assembly, o)
	if err != nil {
		return false, err
	}
	return result.Passed(), result.Print(os.Stdout)
}

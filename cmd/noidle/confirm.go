package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

var errNoTerminal = errors.New("this has to be confirmed, and standard input is no terminal: give -yes")

// confirm asks at the terminal until ctx is done. Files and pipes are none.
func confirm(ctx context.Context, file *os.File, out io.Writer, question string) error {
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return errNoTerminal
	}
	answered := make(chan error, 1)
	go func() { answered <- ask(file, out, question) }()
	select {
	case err := <-answered:
		return err
	case <-ctx.Done():
		return errors.New("interrupted, and nothing is done")
	}
}

// ask returns nil if the answer to a question is yes. What answers nothing, such
// as /dev/null, is no terminal.
func ask(in io.Reader, out io.Writer, question string) error {
	_, _ = fmt.Fprintf(out, "%s [y/N] ", question)
	answer, err := bufio.NewReader(in).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	case "":
		if err != nil {
			return errNoTerminal
		}
	}
	return errors.New("not confirmed, and nothing is done: answer y, or give -yes")
}

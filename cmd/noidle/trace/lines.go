package trace

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/noidle/noidle/cmd/noidle/logs"
)

// logs adds the lines of the stacks' logs that have the ID in them.
func (f *Finder) logs(ctx context.Context, t *Timeline, stacks []string) error {
	groups, err := logs.Groups(ctx, f.Logs, stacks)
	if err != nil {
		return err
	}
	since := f.Since
	if t.Kind == "order" && len(t.Entries) > 0 {
		begin := slices.MinFunc(t.Entries, func(a, b Entry) int { return a.At.Compare(b.At) })
		since = begin.At.Add(-time.Minute)
	}
	f.Progress(fmt.Sprintf("searching %d log groups from %s on", len(groups), since.UTC().Format(time.RFC3339)))
	lines, err := logs.Read(ctx, f.Logs, logs.Query{Groups: groups, Since: since, Pattern: pattern(t.ID)})
	for _, line := range lines {
		if line.Fields["execution_arn"] != nil {
			continue // The execution's history tells it, too.
		}
		if t.Kind == "photo" && line.Fields != nil && !names(line.Fields, t.ID) {
			continue // It tells of a photo with a longer key.
		}
		t.Entries = append(t.Entries, entry(line, t.ID))
	}
	return err
}

// pattern matches lines with an ID in their JSON.
func pattern(id string) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(id) // A string has JSON.
	inner := strings.TrimSuffix(strings.TrimPrefix(text.String(), `"`), "\"\n")
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(inner) + `"`
}

// entry leaves out of a line what is in the timeline anyway.
func entry(line logs.Line, id string) Entry {
	e := Entry{At: line.Time, Source: line.Source, What: line.Message, Failed: line.Level == "ERROR"}
	for _, name := range slices.Sorted(maps.Keys(line.Fields)) {
		if value := line.Fields[name]; name != "requestId" && value != id {
			e.What += " " + name + "=" + logs.Text(value)
		}
	}
	return e
}

package storage

import (
	"testing"

	"github.com/noidle/noidle/constructs/internal/expect"
)

func TestValidate(t *testing.T) {
	tests := []struct {
		name  string
		props *TableProps
		want  string
	}{
		{"nil", nil, "no PartitionKey"},
		{"no key", &TableProps{SortKey: "at"}, "no PartitionKey: set the name of the partition key"},
		{"partition key", &TableProps{PartitionKey: "id"}, ""},
		{"both keys", &TableProps{PartitionKey: "id", SortKey: "at"}, ""},
		{"one attribute for both", &TableProps{PartitionKey: "id", SortKey: "id"}, `SortKey is "id": must differ from PartitionKey`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expect.Error(t, tt.props.validate(), tt.want) })
	}
}

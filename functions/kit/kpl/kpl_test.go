package kpl_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/kit/kpl"
)

const magic = "f3899ac2"

// sealed returns an aggregated record of a protocol buffer in hexadecimal digits.
func sealed(message string) []byte {
	text := unhex(message)
	digest := md5.Sum(text)
	return slices.Concat(unhex(magic), text, digest[:])
}

func unhex(digits string) []byte {
	text, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	if err != nil {
		panic(err)
	}
	return text
}

func TestAppendData(t *testing.T) {
	const keys = "0a016b" // the partition key "k"
	wrong := sealed(keys + "1a050800 1a0141")
	wrong[len(wrong)-1]++
	for name, test := range map[string]struct {
		data []byte
		want []string // nil for the data itself
	}{
		"empty":                    {[]byte{}, nil},
		"ordinary":                 {[]byte("post"), nil},
		"part of the magic bytes":  {unhex("f3899a"), nil},
		"magic bytes alone":        {unhex(magic), nil},
		"shorter than a digest":    {unhex(magic + "0a016b"), nil},
		"no message":               {sealed(""), nil},
		"wrong digest":             {wrong, nil},
		"no records":               {sealed(keys), []string{}},
		"one record":               {sealed(keys + "1a050800 1a0141"), []string{"A"}},
		"two records":              {sealed(keys + "1a050800 1a0141 1a060800 1a024243"), []string{"A", "BC"}},
		"empty data":               {sealed(keys + "1a040800 1a00"), []string{""}},
		"keys after the records":   {sealed("1a050800 1a0141" + keys), []string{"A"}},
		"hash keys":                {sealed(keys + "120137 1a07 0800 1000 1a0141"), []string{"A"}},
		"tags":                     {sealed(keys + "1a0c 0800 1a0141 2205 0a0174 1200"), []string{"A"}},
		"unknown fields":           {sealed("2001" + keys + "1a07 0800 1a0141 2801"), []string{"A"}},
		"records that are numbers": {sealed(keys + "1801"), []string{}},
		"no partition key":         {sealed(keys + "1a03 1a0141"), nil},
		"no data":                  {sealed(keys + "1a02 0800"), nil},
		"key of a wrong type":      {sealed(keys + "1a08 0d00000000 1a0141"), nil},
		"data of a wrong type":     {sealed(keys + "1a04 0800 1801"), nil},
		"record that is cut":       {sealed(keys + "1a050800 1a0141 1a050800 1a0241"), nil},
		"record with a cut tag":    {sealed(keys + "1a06 0800 1a0141 ff"), nil},
		"message that is cut":      {sealed(keys + "1a050800 1a0141 1a06"), nil},
		"tag that is cut":          {sealed(keys + "1a050800 1a0141 ff"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			want := [][]byte{[]byte("before")}
			if test.want == nil {
				want = append(want, test.data)
			}
			for _, data := range test.want {
				want = append(want, []byte(data))
			}
			got := kpl.AppendData([][]byte{[]byte("before")}, test.data)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAggregate(t *testing.T) {
	got := kpl.Aggregate([]kpl.Record{
		{PartitionKey: "k", Data: []byte("A")},
		{PartitionKey: "lm", Data: []byte("BC")},
		{PartitionKey: "k", Data: nil},
	})
	want := sealed("0a016b 0a026c6d 1a050800 1a0141 1a060801 1a024243 1a040800 1a00")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		records, want := []kpl.Record{}, [][]byte{}
		for range 1 + r.IntN(300) {
			data := bytes.Repeat([]byte{byte(r.Uint32())}, r.IntN(300))
			records = append(records, kpl.Record{PartitionKey: fmt.Sprint(r.IntN(200)), Data: data})
			want = append(want, data)
		}
		if got := kpl.AppendData(nil, kpl.Aggregate(records)); !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// The data of the records is in the data of the aggregated record, with no room
// behind it.
func TestAppendDataCopiesNothing(t *testing.T) {
	data := sealed("0a016b 1a050800 1a0141 1a050800 1a0142")
	dst := make([][]byte, 0, 2)
	if n := testing.AllocsPerRun(100, func() { dst = kpl.AppendData(dst[:0], data) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	_ = append(dst[0], '!')
	if !bytes.Equal(data, sealed("0a016b 1a050800 1a0141 1a050800 1a0142")) {
		t.Error("what is appended to a record overwrites the next")
	}
	data[len(magic)/2+9] = 'Z'
	if string(dst[0]) != "Z" {
		t.Errorf("got %s, a copy", dst[0])
	}
}

func FuzzAppendData(f *testing.F) {
	f.Add(unhex("0a016b 1a050800 1a0141 1a060800 1a024243"))
	f.Add(unhex("0a016b 120137 1a0e 0800 1000 1a0141 2205 0a0174 1200"))
	f.Fuzz(func(t *testing.T, message []byte) {
		if got := kpl.AppendData(nil, message); !bytes.HasPrefix(message, unhex(magic)) && (len(got) != 1 || !bytes.Equal(got[0], message)) {
			t.Errorf("got %q of an ordinary record %q", got, message)
		}
		// What is unpacked packs into something that unpacks to the same.
		got := kpl.AppendData(nil, sealed(hex.EncodeToString(message)))
		records := []kpl.Record{}
		for _, data := range got {
			records = append(records, kpl.Record{Data: data})
		}
		if len(records) == 0 {
			return
		}
		if again := kpl.AppendData(nil, kpl.Aggregate(records)); !slices.EqualFunc(again, got, bytes.Equal) {
			t.Errorf("got %q, then %q", got, again)
		}
	})
}

func BenchmarkAppendData(b *testing.B) {
	records := []kpl.Record{}
	for i := range 100 {
		records = append(records, kpl.Record{PartitionKey: fmt.Sprint(i), Data: make([]byte, 250)})
	}
	data, dst := kpl.Aggregate(records), [][]byte{}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		dst = kpl.AppendData(dst[:0], data)
	}
}

// Sumdb-reader is a checksum database as Go's own packages make one, and what they say of ours.
//
// `serve SKEY DIR SALT COUNT` serves on loopback a module proxy over DIR, and below /sumdb/NAME/ a
// database of that signer's key that begins with COUNT records. A module whose zip lies in DIR has
// its true hash there, any other one made up from SALT. It prints its address, a line.
//
// `judge` answers questions, a line of JSON each, on logs whose record i is the text "record i\n".
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	log.SetFlags(0)
	switch {
	case len(os.Args) == 6 && os.Args[1] == "serve":
		serve(os.Args[2], os.Args[3], os.Args[4], os.Args[5])
	case len(os.Args) == 2 && os.Args[1] == "judge":
		judge()
	default:
		log.Fatal("usage: sumdb-reader serve SKEY DIR SALT COUNT | judge")
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func serve(skey, dir, salt, count string) {
	signer := must(note.NewSigner(skey))
	made := func(what string) string {
		hash := sha256.Sum256([]byte(salt + what))
		return "h1:" + base64.StdEncoding.EncodeToString(hash[:])
	}
	ops := sumdb.NewTestServer(skey, func(path, version string) ([]byte, error) {
		if strings.HasPrefix(path, "unknown.test/") {
			return nil, os.ErrNotExist
		}
		h1, mod := made(path+version), made(path+version+"/go.mod")
		at := filepath.Join(dir, filepath.FromSlash(path), "@v", version)
		if found, err := dirhash.HashZip(at+".zip", dirhash.Hash1); err == nil {
			h1 = found
			mod = must(dirhash.Hash1([]string{"go.mod"}, opens(at+".mod")))
		}
		return fmt.Appendf(nil, "%s %s %s\n%s %s/go.mod %s\n", path, version, h1, path, version, mod), nil
	})
	for i := range must(strconv.Atoi(count)) {
		must(ops.Lookup(nil, module.Version{Path: fmt.Sprintf("example.test/m%d", i), Version: "v1.0.0"}))
	}
	base := "/sumdb/" + signer.Name()
	http.Handle(base+"/", http.StripPrefix(base, sumdb.NewServer(ops)))
	http.HandleFunc(base+"/supported", func(http.ResponseWriter, *http.Request) {})
	http.Handle("/", http.FileServer(http.Dir(dir)))
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	fmt.Println(listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}

// A question: Op says which of the others count.
type question struct {
	Op       string
	Old, New int64
	Index    int64
	Level    int
	Number   int64
	Width    int
	Proof    []tlog.Hash
	Record   string
	Note     []byte
	Key      string
}

type answer struct {
	Hashes []tlog.Hash `json:"hashes"`
	Text   string      `json:"text"`
	Error  string      `json:"error"`
}

// store holds the hashes of the longest log asked for so far.
type store struct {
	hashes []tlog.Hash
	size   int64
}

func (s *store) ReadHashes(indexes []int64) (found []tlog.Hash, _ error) {
	for _, at := range indexes {
		found = append(found, s.hashes[at])
	}
	return found, nil
}

func (s *store) grow(size int64) {
	for ; s.size < size; s.size++ {
		record := fmt.Appendf(nil, "record %d\n", s.size)
		s.hashes = append(s.hashes, must(tlog.StoredHashes(s.size, record, s))...)
	}
}

func judge() {
	var log store
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var q question
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			panic(err)
		}
		log.grow(q.New)
		var reply answer
		if err := log.ask(q, &reply); err != nil {
			reply.Error = err.Error()
		}
		out.Encode(reply)
	}
}

func (s *store) ask(q question, reply *answer) (err error) {
	root := func(size int64) tlog.Hash { return must(tlog.TreeHash(size, s)) }
	switch q.Op {
	case "root":
		reply.Hashes = []tlog.Hash{root(q.New)}
	case "inclusion":
		reply.Hashes, err = tlog.ProveRecord(q.New, q.Index, s)
	case "consistency":
		reply.Hashes, err = tlog.ProveTree(q.New, q.Old, s)
	case "check inclusion":
		err = tlog.CheckRecord(q.Proof, q.New, root(q.New), q.Index, tlog.RecordHash([]byte(q.Record)))
	case "check consistency":
		err = tlog.CheckTree(q.Proof, q.New, root(q.New), q.Old, root(q.Old))
	case "tile":
		tile := tlog.Tile{H: 8, L: q.Level, N: q.Number, W: q.Width}
		reply.Text = tile.Path()
		if q.New > 0 {
			var data []byte
			data, err = tlog.ReadTileData(tile, s)
			for ; len(data) > 0; data = data[tlog.HashSize:] {
				reply.Hashes = append(reply.Hashes, tlog.Hash(data[:tlog.HashSize]))
			}
		}
	case "note":
		opened, e := note.Open(q.Note, note.VerifierList(must(note.NewVerifier(q.Key))))
		if e == nil {
			reply.Text = opened.Text
		}
		err = e
	case "bundle":
		reply.Text, err = bundle(q.Note, q.Key)
	}
	return err
}

// bundle reads a c2sp.org/tlog-proof and gives the record that it proves.
func bundle(data []byte, key string) (string, error) {
	head, signed, _ := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return "", fmt.Errorf("no tlog-proof")
	}
	record, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return "", err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return "", err
	}
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return "", err
		}
		proof = append(proof, hash)
	}
	opened, err := note.Open(signed, note.VerifierList(must(note.NewVerifier(key))))
	if err != nil {
		return "", err
	}
	tree, err := tlog.ParseTree([]byte(opened.Text))
	if err != nil {
		return "", err
	}
	return string(record), tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(record))
}

func opens(file string) func(string) (io.ReadCloser, error) {
	return func(string) (io.ReadCloser, error) { return os.Open(file) }
}

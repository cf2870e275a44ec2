package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"modernc.org/sqlite" // registers the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"glownotes/kernel/core"
)

// schema is that of IPython's history.sqlite (IPython.core.history).
const schema = `
CREATE TABLE IF NOT EXISTS sessions (session INTEGER PRIMARY KEY AUTOINCREMENT,
	start TIMESTAMP, end TIMESTAMP, num_cmds INTEGER, remark TEXT);
CREATE TABLE IF NOT EXISTS history (session INTEGER, line INTEGER,
	source TEXT, source_raw TEXT, PRIMARY KEY (session, line));
CREATE TABLE IF NOT EXISTS output_history (session INTEGER, line INTEGER,
	output TEXT, PRIMARY KEY (session, line));`

const (
	// maxSessions is how many sessions are kept.
	maxSessions = 1000
	// maxEntries bounds one answer.
	maxEntries = 100_000
)

// A store is the database. One goroutine uses it.
type store struct {
	db      *sql.DB // nil: nothing can be kept, not even in memory
	session int     // number of this session, 0 until its first cell
	lines   int
}

// open opens the file or, failing that, a database in memory. A file that is
// damaged is put aside.
func open(path string, busy time.Duration, log *slog.Logger) *store {
	if path != "" {
		db, err := openFile(path, busy)
		if isDamaged(err) {
			aside := fmt.Sprintf("%s.damaged-%s", path, time.Now().Format("20060102-150405"))
			log.Warn("history: the file is damaged; starting a new one", "err", err, "kept", aside)
			if err = os.Rename(path, aside); err == nil {
				db, err = openFile(path, busy)
			}
		}
		if err == nil {
			return &store{db: db}
		}
		log.Warn("history: cells are remembered only until this kernel ends", "err", err)
	}
	db, err := connect("file::memory:")
	if err != nil {
		log.Warn("history: cells are not remembered", "err", err)
	}
	return &store{db: db}
}

func openFile(path string, busy time.Duration) (*sql.DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	// SQLite gives its journal the mode of the file.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	f.Close()
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: url.Values{
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()), "synchronous(normal)"}, "_txlock": {"immediate"},
	}.Encode()}
	return connect(u.String())
}

func connect(name string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(schema); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// isDamaged tells whether a file is no database or a broken one.
func isDamaged(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code()&0xff == sqlite3.SQLITE_NOTADB || e.Code()&0xff == sqlite3.SQLITE_CORRUPT)
}

var errNoStore = errors.New("history: there is no database")

// begin draws the session's number, once, and forgets the oldest session.
func (s *store) begin() error {
	if s.db == nil {
		return errNoStore
	}
	if s.session > 0 {
		return nil
	}
	tx, err := s.db.Begin() // one for all: kernels that start at once wait for each other
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	r, err := tx.Exec(`INSERT INTO sessions (start, num_cmds, remark) VALUES (?, 0, 'glownotes')`, timestamp())
	if err != nil {
		return err
	}
	n, err := r.LastInsertId()
	if err != nil {
		return err
	}
	for _, table := range []string{"sessions", "history", "output_history"} {
		if _, err := tx.Exec("DELETE FROM "+table+" WHERE session <= ?", n-maxSessions); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	s.session = int(n)
	return nil
}

// timestamp is now as IPython writes it.
func timestamp() string { return time.Now().Format("2006-01-02 15:04:05.000000") }

func (s *store) add(line int, input string) error {
	if err := s.begin(); err != nil {
		return err
	}
	s.lines++
	_, err := s.db.Exec(`INSERT OR REPLACE INTO history (session, line, source, source_raw) VALUES (?, ?, ?, ?)`, s.session, line, input, input)
	return err
}

func (s *store) setOutput(line int, output string) error {
	if s.session == 0 {
		return nil // of no cell
	}
	_, err := s.db.Exec(`INSERT OR REPLACE INTO output_history (session, line, output)
		SELECT session, line, ? FROM history WHERE session = ? AND line = ?`, output, s.session, line)
	return err
}

func (s *store) close() {
	if s.db == nil {
		return
	}
	if s.session > 0 {
		// A kernel that is killed leaves both empty, as IPython does.
		_, _ = s.db.Exec(`UPDATE sessions SET end = ?, num_cmds = ? WHERE session = ?`, timestamp(), s.lines, s.session)
	}
	_ = s.db.Close()
}

const (
	columns = `SELECT h.session, h.line, h.source_raw, o.output FROM `
	outputs = ` h LEFT JOIN output_history o ON o.session = h.session AND o.line = h.line `
	newest  = ` ORDER BY h.session DESC, h.line DESC LIMIT ?`
)

func (s *store) tail(ctx context.Context, n int) ([]core.Entry, error) {
	return s.reversed(s.query(ctx, columns+"history"+outputs+newest, limit(n)))
}

func (s *store) search(ctx context.Context, pattern string, n int, unique bool) ([]core.Entry, error) {
	if !unique {
		return s.reversed(s.query(ctx, columns+"history"+outputs+`WHERE h.source_raw GLOB ?`+newest, pattern, limit(n)))
	}
	// The last of equal inputs.
	return s.reversed(s.query(ctx, columns+`(SELECT session, line, source_raw, row_number() OVER
		(PARTITION BY source_raw ORDER BY session DESC, line DESC) AS place FROM history WHERE source_raw GLOB ?)`+
		outputs+`WHERE h.place = 1`+newest, pattern, limit(n)))
}

func (s *store) cells(ctx context.Context, session, start, stop int) ([]core.Entry, error) {
	session, err := s.number(ctx, session)
	if err != nil || session == 0 {
		return nil, err
	}
	if stop <= 0 {
		stop = 1<<63 - 1
	}
	return s.query(ctx, columns+"history"+outputs+`WHERE h.session = ? AND h.line >= ? AND h.line < ? ORDER BY h.line LIMIT ?`,
		session, start, stop, limit(0))
}

// number translates 0, this session, and -1, -2, ..., those before it.
func (s *store) number(ctx context.Context, session int) (int, error) {
	if session > 0 {
		return session, nil
	}
	if session == 0 {
		return s.session, nil
	}
	if s.db == nil {
		return 0, errNoStore
	}
	this := s.session
	if this == 0 {
		this = 1<<63 - 1
	}
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT session FROM sessions WHERE session < ? ORDER BY session DESC LIMIT 1 OFFSET ?`, this, -session-1).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

func limit(n int) int {
	if n <= 0 {
		return maxEntries
	}
	return min(n, maxEntries)
}

func (s *store) query(ctx context.Context, query string, args ...any) ([]core.Entry, error) {
	if s.db == nil {
		return nil, errNoStore
	}
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	defer rows.Close()
	var list []core.Entry
	for rows.Next() {
		var e core.Entry
		if err := rows.Scan(&e.Session, &e.Line, &e.Input, &e.Output); err != nil {
			return nil, fmt.Errorf("history: %w", err)
		}
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	return list, nil
}

// reversed brings the newest to the end.
func (s *store) reversed(list []core.Entry, err error) ([]core.Entry, error) {
	slices.Reverse(list)
	return list, err
}

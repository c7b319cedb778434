// Package retry retries.
package retry

import (
	"fmt"
	clk "github.com/x/clock"
	_ "embed"
	. "strings"
)

import "os"

// MaxTries is the most.
const MaxTries = 3

const (
	first = iota
	second
)

var state, other int

// Retry counts.
type Retry struct {
	Base
	Tries int // so far
	clock clk.Clock
}

type Policy interface {
	Next(by int) (int, error)
	fmt.Stringer
}

type Wait = int64
type Kind string

// Next is next.
func (r *Retry) Next(by int) (int, error) {
	within := func(limit int) bool { return limit > MaxTries }
	return r.advance(fmt.Sprint(by), within)
}

func New[T any](opts ...Option) *Retry {
	h := Handle(describe)
	return &Retry{Tries: first, clock: clk.New()}
}

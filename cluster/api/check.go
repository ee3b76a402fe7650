package api

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// Checks refuse what no backend should see. Each names the field.

func badField(field, format string, args ...any) error {
	return fault.New(fault.CodeField, field+": "+format, args...)
}

// first is the first error there is.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func checkDigest(field string, d []byte) error {
	if len(d) != digestBytes {
		return badField(field, "%d bytes, want %d", len(d), digestBytes)
	}
	return nil
}

// checkBytes refuses none, and more than max.
func checkBytes(field string, b []byte, max int) error {
	if len(b) == 0 {
		return badField(field, "is empty")
	}
	if len(b) > max {
		return fault.New(fault.CodeTooBig, "%s: %d bytes, at most %d", field, len(b), max)
	}
	return nil
}

// checkText allows what can be printed on one line.
func checkText(field, s string, max int) error {
	if len(s) > max {
		return badField(field, "%d bytes, at most %d", len(s), max)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return badField(field, "has characters that cannot be printed")
	}
	return nil
}

// checkName allows what needs no escape anywhere; a device is node/index.
func checkName(field, s string) error {
	if s == "" {
		return badField(field, "is empty")
	}
	if len(s) > nameBytesMax {
		return badField(field, "%d bytes, at most %d", len(s), nameBytesMax)
	}
	for _, r := range s {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+:", r) {
			return badField(field, "%q is not a name", s)
		}
	}
	return nil
}

func optional(check func(field, s string) error) func(field, s string) error {
	return func(field, s string) error {
		if s == "" {
			return nil
		}
		return check(field, s)
	}
}

// checkNode allows a NodeID in hexadecimal and a node's name.
var checkNode = checkName

func checkTenant(field, s string) error {
	if s == "" {
		return nil
	}
	if err := identity.CheckTenant(s); err != nil {
		return badField(field, "%w", err)
	}
	return nil
}

// checkOneOf holds a field to a closed set.
func checkOneOf(field, s string, allowed ...string) error {
	if !slices.Contains(allowed, s) {
		return badField(field, "%.32q, want one of %s", s, strings.Join(allowed, ", "))
	}
	return nil
}

// checkAddress allows host:port; whether anybody is there is not asked.
func checkAddress(field, s string) error {
	if len(s) > addressBytesMax {
		return badField(field, "%d bytes, at most %d", len(s), addressBytesMax)
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return badField(field, "%w", err)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return badField(field, "%q is no port", port)
	}
	if _, err := netip.ParseAddr(host); err != nil && strings.Trim(strings.ToLower(host), "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" || host == "" {
		return badField(field, "%q is no host", host)
	}
	return nil
}

func checkCount(field string, n, max int) error {
	if n > max {
		return badField(field, "%d of them, at most %d", n, max)
	}
	return nil
}

// checkEach holds every element of a bounded list to a check.
func checkEach[T any](field string, list []T, max int, check func(field string, v T) error) error {
	if err := checkCount(field, len(list), max); err != nil {
		return err
	}
	for i, v := range list {
		if err := check(field+"["+strconv.Itoa(i)+"]", v); err != nil {
			return err
		}
	}
	return nil
}

func checkReason(field, s string) error { return checkText(field, s, textBytesMax) }

// checkFamily holds a family to those that this release proves.
func (s *Server) checkFamily(field, family string) error {
	if !s.families[family] {
		return fault.New(fault.CodeFamily, "%s: no family %.64q", field, family)
	}
	return nil
}

package main

import (
	"encoding/hex"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// plain turns a message of the API into what --json prints: its fields under their own
// names, all of them, with digests in hexadecimal, numbers as numbers and states in lower
// case.
func plain(m proto.Message) any { return plainMessage(m.ProtoReflect()) }

func plainMessage(m protoreflect.Message) any {
	if !m.IsValid() {
		return nil
	}
	out := map[string]any{}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		out[string(f.Name())] = plainField(f, m.Get(f))
	}
	return out
}

func plainField(f protoreflect.FieldDescriptor, v protoreflect.Value) any {
	switch {
	case f.IsMap():
		out := map[string]any{}
		v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			out[k.String()] = plainValue(f.MapValue(), v)
			return true
		})
		return out
	case f.IsList():
		out := []any{}
		for i := range v.List().Len() {
			out = append(out, plainValue(f, v.List().Get(i)))
		}
		return out
	}
	return plainValue(f, v)
}

func plainValue(f protoreflect.FieldDescriptor, v protoreflect.Value) any {
	switch f.Kind() {
	case protoreflect.BytesKind:
		return hex.EncodeToString(v.Bytes())
	case protoreflect.EnumKind:
		return enumName(f.Enum(), v.Enum())
	case protoreflect.MessageKind:
		return plainMessage(v.Message())
	}
	return v.Interface()
}

// enumName is a value's name without what all names of its type begin with: released for
// JOB_STATE_RELEASED.
func enumName(e protoreflect.EnumDescriptor, n protoreflect.EnumNumber) string {
	first := string(e.Values().Get(0).Name())
	prefix := first[:strings.LastIndexByte(first, '_')+1] // all begin with X_UNSPECIFIED
	if v := e.Values().ByNumber(n); v != nil {
		return strings.ToLower(strings.TrimPrefix(string(v.Name()), prefix))
	}
	return "unknown"
}

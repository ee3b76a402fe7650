package device

import "encoding/binary"

func (m *Load) encode() (head, tail []byte) {
	return appendName(appendName(m.HeldKey.append(nil), m.Family), m.Variant), m.Blob
}

func (m *Task) encode() (head, tail []byte) {
	head = binary.LittleEndian.AppendUint64(nil, m.ID)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(m.Spec)))
	return append(head, m.Spec...), m.Witness
}

func (m *Calibrate) encode() (head, tail []byte) { return appendName(nil, m.Family), nil }

func (m *Ready) encode() (head, tail []byte) {
	return appendName(binary.LittleEndian.AppendUint32(nil, m.Threads), m.Kernels), nil
}

func (m *Held) encode() (head, tail []byte) {
	head = []byte{byte(len(m.Keys))}
	for _, k := range m.Keys {
		head = k.append(head)
	}
	return head, nil
}

func (m *Stage) encode() (head, tail []byte) {
	return appendName(binary.LittleEndian.AppendUint64(nil, m.ID), m.Name), nil
}

func (m *Proved) encode() (head, tail []byte) {
	return m.Usage.append(binary.LittleEndian.AppendUint64(nil, m.ID)), m.File
}

func (m *Failed) encode() (head, tail []byte) {
	head = binary.LittleEndian.AppendUint64(nil, m.ID)
	head = m.Usage.append(append(head, byte(m.Outcome)))
	head = appendName(head, m.Code)
	reason := m.Reason[:min(len(m.Reason), MaxReasonBytes)]
	head = binary.LittleEndian.AppendUint16(head, uint16(len(reason)))
	return append(head, reason...), nil
}

func (m *Measured) encode() (head, tail []byte) { return m.Usage.append(nil), nil }

func (k *HeldKey) append(b []byte) []byte {
	return append(binary.LittleEndian.AppendUint64(b, k.ChainID), k.Fingerprint[:]...)
}

// appendName writes a name, cut to what a reader takes.
func appendName(b []byte, s string) []byte {
	s = s[:min(len(s), MaxNameBytes)]
	return append(append(b, byte(len(s))), s...)
}

func (u *Usage) append(b []byte) []byte {
	for _, v := range []uint64{uint64(u.Wall), uint64(u.CPU), u.PeakBytes, u.Cells} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	stages := u.Stages[:min(len(u.Stages), MaxStages)]
	b = append(b, byte(len(stages)))
	for _, s := range stages {
		b = binary.LittleEndian.AppendUint64(appendName(b, s.Name), uint64(s.Wall))
	}
	return b
}

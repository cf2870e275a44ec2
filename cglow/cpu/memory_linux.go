package cpu

import "syscall"

// adviseHuge asks for large pages. It is a hint: an error changes nothing but speed.
func adviseHuge(b []byte) { _ = syscall.Madvise(b, syscall.MADV_HUGEPAGE) }

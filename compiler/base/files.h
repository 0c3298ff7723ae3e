/* SPDX-License-Identifier: Apache-2.0
 * Whole files and parts of files into memory, with clear diagnostics: 110 missing, 111 not a regular file, 112 unreadable, 113 too large,
 * 114 shorter than asked for. Messages name the path unless it is diag->file itself. */
#ifndef ITGC_FILES_H
#define ITGC_FILES_H

#include "compiler/base/diag.h"
#include "compiler/base/sha256.h"

/* The file's bytes with a NUL behind; *count excludes it. NULL with a diagnostic; limit_bytes 0: no limit. */
uint8_t *itgc_read_file(itgc_arena *arena, itgc_diag *diag, const char *path, uint64_t limit_bytes, size_t *count);

/* count bytes from offset on. */
bool itgc_read_file_part(itgc_diag *diag, const char *path, uint64_t offset, void *bytes, size_t count);

/* SHA-256 of the file's bytes, read piece by piece. */
bool itgc_digest_file(itgc_diag *diag, const char *path, char digest[ITGC_SHA256_TEXT]);

/* Where a result is written before it is renamed to `path`: path.partial, but `path` itself if that is a device, which must stay one. */
const char *itgc_partial_path(itgc_arena *arena, const char *path);
/* Renames a whole result to its path and is true; removes what is left of another, errno kept. */
bool itgc_finish_partial(const char *partial, const char *path, bool is_whole);

/* Size of a regular file. */
bool itgc_measure_file(itgc_diag *diag, const char *path, uint64_t *bytes);

#endif

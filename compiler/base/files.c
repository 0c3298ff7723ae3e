/* SPDX-License-Identifier: Apache-2.0
 * Reads files. Memory is taken before a file is opened: running out of memory jumps away and must not leave a file open. */
#include "compiler/base/files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *name_file(itgc_diag *diag, const char *path)
{
    if (diag->file != NULL && strcmp(diag->file, path) == 0)
        return "";
    return itgc_sprint(diag->arena, "%s: ", path);
}

static bool fail_unreadable(itgc_diag *diag, const char *path, int cause)
{
    return itgc_fail(diag, 112, "%sthe file cannot be read (%s); check its permissions", name_file(diag, path), strerror(cause));
}

bool itgc_measure_file(itgc_diag *diag, const char *path, uint64_t *bytes)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return itgc_fail(diag, 110, "%sthe file does not exist; check the path", name_file(diag, path));
        return fail_unreadable(diag, path, errno);
    }
    if (S_ISDIR(status.st_mode))
        return itgc_fail(diag, 111, "%sthis is a folder; name a file", name_file(diag, path));
    if (!S_ISREG(status.st_mode))
        return itgc_fail(diag, 111, "%sthis is not a regular file; copy its contents to one", name_file(diag, path));
    *bytes = (uint64_t)status.st_size;
    return true;
}

/* 0, or the errno of what went wrong; *got: bytes read. Reports nothing, because reporting allocates. */
static int read_part(const char *path, uint64_t offset, void *bytes, size_t count, size_t *got)
{
    FILE *const file = fopen(path, "rb");
    if (file == NULL)
        return errno;
    int cause = 0;
    if (fseeko(file, (off_t)offset, SEEK_SET) != 0)
        cause = errno;
    else if (count != 0)
        *got = fread(bytes, 1, count, file);
    if (cause == 0 && ferror(file))
        cause = errno == 0 ? EIO : errno;
    (void)fclose(file);
    return cause;
}

bool itgc_read_file_part(itgc_diag *diag, const char *path, uint64_t offset, void *bytes, size_t count)
{
    if (offset > INT64_MAX - (uint64_t)count)
        return itgc_fail(diag, 114, "%soffset %" PRIu64 " lies behind the end of the file; copy it again", name_file(diag, path), offset);
    size_t got = 0;
    const int cause = read_part(path, offset, bytes, count, &got);
    if (cause != 0)
        return fail_unreadable(diag, path, cause);
    if (got != count)
        return itgc_fail(diag, 114, "%sthe file ends before byte %" PRIu64 "; copy it again", name_file(diag, path), offset + count);
    return true;
}

uint8_t *itgc_read_file(itgc_arena *arena, itgc_diag *diag, const char *path, uint64_t limit_bytes, size_t *count)
{
    uint64_t bytes = 0;
    if (!itgc_measure_file(diag, path, &bytes))
        return NULL;
    if ((limit_bytes != 0 && bytes > limit_bytes) || bytes > SIZE_MAX - 1) {
        itgc_fail(diag, 113, "%sthe file has %" PRIu64 " bytes, more than the %" PRIu64 " allowed here; use a smaller file", name_file(diag, path),
                  bytes, limit_bytes);
        return NULL;
    }
    uint8_t *const contents = itgc_alloc(arena, (size_t)bytes + 1);
    if (!itgc_read_file_part(diag, path, 0, contents, (size_t)bytes))
        return NULL;
    *count = (size_t)bytes;
    return contents;
}

bool itgc_digest_file(itgc_diag *diag, const char *path, char digest[ITGC_SHA256_TEXT])
{
    uint64_t bytes = 0;
    if (!itgc_measure_file(diag, path, &bytes))
        return false;
    FILE *const file = fopen(path, "rb");
    if (file == NULL)
        return fail_unreadable(diag, path, errno);
    uint8_t piece[16384];
    itgc_sha256_sum sum;
    itgc_start_sha256(&sum);
    for (size_t got; (got = fread(piece, 1, sizeof piece, file)) != 0;)
        itgc_add_sha256(&sum, piece, got);
    const int cause = !ferror(file) ? 0 : errno == 0 ? EIO : errno;
    (void)fclose(file);
    itgc_end_sha256(&sum, digest);
    return cause == 0 || fail_unreadable(diag, path, cause);
}

const char *itgc_partial_path(itgc_arena *arena, const char *path)
{
    struct stat status;
    const bool is_device = stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
    return is_device ? path : itgc_sprint(arena, "%s.partial", path);
}

bool itgc_finish_partial(const char *partial, const char *path, bool is_whole)
{
    if (strcmp(partial, path) == 0 || (is_whole && rename(partial, path) == 0))
        return is_whole;
    const int cause = errno;
    (void)remove(partial);
    errno = cause;
    return false;
}

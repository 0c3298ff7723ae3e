/* SPDX-License-Identifier: Apache-2.0
 * Ops of which each alone reads what the one before it computes, some rows at a time: only the last one's results lie in the arena as a whole, of the
 * others a band of rows in scratch memory. Rows that are seen again are moved to the band's front and not computed again.
 * In: an itg_cascade step (plan.h). Out: rows as those of the last tier's op. Called by run.c. */
#include "runtime/ops/cascade.h"
#include "runtime/ops/parts.h"

#include <string.h>

/* Rows [begin, end) of one image. */
typedef struct itg_span {
    int32_t begin, end;
} itg_span;

/* One image. held: the rows in each tier's band; of the last tier those that are done. */
typedef struct itg_cascade_walk {
    const itg_work *work;
    const itg_step *step;
    const itg_cascade *cascade;
    uint8_t *scratch;
    uint32_t image;
    itg_span held[ITG_MOST_TIERS];
} itg_cascade_walk;

static int32_t clamp_row(int32_t row, int32_t rows)
{
    return row < 0 ? 0 : row < rows ? row : rows;
}

/* Of the tier before `tier`, what its rows [begin, end) see. */
static itg_span find_seen(const itg_tier *tier, int32_t begin, int32_t end)
{
    const int32_t rows = tier[-1].rows, first = begin * tier->stride - tier->before, last = (end - 1) * tier->stride - tier->before;
    return (itg_span){clamp_row(first, rows), clamp_row(last + tier->reach, rows)};
}

/* Bands that are empty, from where rows [begin, ..) of the last tier need them on. */
static void start_image(itg_cascade_walk *walk, uint32_t image, int32_t begin)
{
    walk->image = image;
    for (int32_t i = walk->cascade->count - 1; i >= 0; i--) {
        walk->held[i] = (itg_span){begin, begin};
        begin = i ? find_seen(&walk->cascade->tiers[i], begin, begin + 1).begin : 0;
    }
}

/* The tier that goes on, and by how many rows: the last one, unless it sees rows that are not there yet; then the one before it, and so on. */
static int32_t choose_tier(itg_cascade_walk *walk, int32_t end, int32_t *count)
{
    int32_t i = walk->cascade->count - 1;
    for (;; i--) {
        const itg_tier *tier = &walk->cascade->tiers[i];
        const int32_t begin = walk->held[i].end, left = end - begin;
        *count = left < tier->most_rows ? left : tier->most_rows;
        if (i == 0)
            return 0;
        const itg_span seen = find_seen(tier, begin, begin + *count);
        itg_span *before = &walk->held[i - 1];
        if (seen.end <= before->end || seen.begin >= seen.end) /* or padding alone is seen */
            return i;
        if (seen.begin > before->end)
            *before = (itg_span){seen.begin, seen.begin}; /* nobody sees the rows between */
        end = seen.end;
    }
}

/* Where an image's first element would be, with row `begin` at codes: what kernels take. */
static uint8_t *find_image(const itg_tier *tier, uint8_t *codes, int32_t begin)
{
    return (uint8_t *)((uintptr_t)codes - (size_t)begin * (size_t)tier->row_bytes);
}

/* Moves the rows that the next tier still sees to the band's front, if `count` more find no place behind them. */
static void make_room(itg_cascade_walk *walk, int32_t index, int32_t count)
{
    const itg_tier *tier = &walk->cascade->tiers[index];
    itg_span *held = &walk->held[index];
    if (held->end - held->begin + count <= tier->band_rows)
        return;
    const int32_t next = walk->held[index + 1].end, kept = find_seen(tier + 1, next, next + 1).begin;
    const size_t bytes = (size_t)tier->row_bytes;
    uint8_t *codes = walk->scratch + tier->band_offset;
    for (int32_t row = kept; row < held->end; row++)
        memcpy(codes + (size_t)(row - kept) * bytes, codes + (size_t)(row - held->begin) * bytes, bytes);
    held->begin = kept;
}

static void compute_rows(itg_cascade_walk *walk, int32_t index, int32_t count)
{
    const itg_cascade *cascade = walk->cascade;
    const itg_tier *tier = &cascade->tiers[index];
    itg_span *held = &walk->held[index];
    uint8_t *const arena = walk->work->arena;
    struct itg_tier_job job = {.work = walk->work, .step = walk->step, .tier = tier, .scratch = walk->scratch, .image = walk->image};
    if (index < cascade->count - 1) {
        make_room(walk, index, count);
        job.out = find_image(tier, walk->scratch + tier->band_offset, held->begin);
    } else {
        job.out = arena + walk->step->out + (size_t)walk->image * (size_t)tier->rows * (size_t)tier->row_bytes;
    }
    if (index > 0)
        job.in = find_image(tier - 1, walk->scratch + tier[-1].band_offset, walk->held[index - 1].begin);
    else
        job.in = arena + walk->step->in[0] + (size_t)walk->image * (size_t)cascade->in_image_bytes;
    job.begin = held->end;
    job.end = held->end + count;
    tier->run(&job);
    held->end += count;
}

void itg_op_cascade(const itg_work *work, const itg_step *step)
{
    const itg_cascade *cascade = step->params;
    const int32_t last = cascade->count - 1, each = cascade->tiers[last].rows / cascade->out_rows;
    itg_cascade_walk walk = {.work = work, .step = step, .cascade = cascade, .scratch = itg_scratch_of(work, step)};
    itg_image_rows rows;
    for (uint32_t at = work->row_begin; at < work->row_end; at += (uint32_t)(rows.y1 - rows.y0)) {
        rows = itg_next_rows(at, work->row_end, cascade->out_rows);
        start_image(&walk, rows.image, rows.y0 * each);
        while (walk.held[last].end < rows.y1 * each) {
            int32_t count;
            const int32_t index = choose_tier(&walk, rows.y1 * each, &count);
            compute_rows(&walk, index, count);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0
 * Operands and attributes that a node is likely to accept: shapes follow from its first input, values from the bytes.
 * Called by generator.c. */
#include "tests/fuzz/generator.h"

#include <stdio.h>

const char *fuzz_next_name(fuzz_generator *g)
{
    return itgc_sprint(g->arena, "c%d", g->constant_count++);
}

static const char *shape_text(fuzz_generator *g, const itgc_shape *shape)
{
    itgc_text text;
    itgc_init_text(&text, g->arena);
    for (int i = 0; i < shape->rank; i++)
        itgc_addf(&text, "%s%lld", i == 0 ? "" : ",", (long long)shape->dim[i]);
    return text.bytes;
}

const char *fuzz_add_floats(fuzz_generator *g, const itgc_shape *shape, bool is_positive)
{
    const int64_t count = itgc_elements(shape);
    if (count < 0 || count > 1 << 14)
        return "";
    float *const values = ITGC_NEW_ARRAY(g->arena, float, count + 1);
    static const float scales[] = {1.0f, 0.25f, 0.0f, 3.0f, 100.0f, 1e-3f};
    const float scale = scales[fuzz_choose(&g->bytes, 6)];
    uint32_t state = (uint32_t)fuzz_choose(&g->bytes, 256);
    for (int64_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        const float unit = (float)(state >> 8) / 16777216.0f;
        values[i] = is_positive ? 0.1f + unit : (2.0f * unit - 1.0f) * scale;
    }
    const char *const name = fuzz_next_name(g);
    add_floats(&g->writer, name, shape_text(g, shape), values, (size_t)count);
    return name;
}

const char *fuzz_add_ints(fuzz_generator *g, const int64_t *values, int count)
{
    const char *const name = fuzz_next_name(g);
    add_ints(&g->writer, name, itgc_sprint(g->arena, "%d", count), values, (size_t)count);
    return name;
}

static itgc_shape make_shape(int rank, int64_t a, int64_t b)
{
    return (itgc_shape){.rank = rank, .dim = {a, b, 1, 1, 1, 1, 1, 1}};
}

static int64_t dimension(const itgc_shape *shape, int index)
{
    return index >= 0 && index < shape->rank ? shape->dim[index] : 1;
}

/* A shape that broadcasts with x: all of it, one dimension, a channel, a number. */
static itgc_shape broadcast_shape(fuzz_generator *g, const itgc_shape *x)
{
    itgc_shape shape = *x;
    const int kind = fuzz_choose(&g->bytes, 5), keep = kind == 1 ? x->rank - 1 : kind == 2 ? 1 : fuzz_choose(&g->bytes, 4);
    if (kind == 4)
        return *x;
    for (int i = 0; i < x->rank; i++)
        shape.dim[i] = kind != 0 && i == keep ? x->dim[i] : 1;
    return kind == 0 ? (itgc_shape){.rank = 0} : shape;
}

static const char *add_shape_operand(fuzz_generator *g, const itgc_shape *x)
{
    int64_t values[ITGC_MAX_RANK] = {0};
    const int kind = fuzz_choose(&g->bytes, 6), rank = x->rank;
    const int64_t all = itgc_elements(x);
    if (kind == 0)
        return fuzz_add_ints(g, (int64_t[]){dimension(x, 0), -1}, 2);
    if (kind == 1)
        return fuzz_add_ints(g, (int64_t[]){-1}, 1);
    if (kind == 2 && rank == 4 && x->dim[1] % 2 == 0)
        return fuzz_add_ints(g, (int64_t[]){x->dim[0], 2, x->dim[1] / 2, x->dim[2], x->dim[3]}, 5);
    if (kind == 3)
        return fuzz_add_ints(g, (int64_t[]){dimension(x, 0), dimension(x, 1), -1}, 3);
    if (kind == 4)
        return fuzz_add_ints(g, (int64_t[]){1, -1, all % 4 == 0 ? 2 : 1, all % 4 == 0 ? 2 : 1}, 4);
    for (int i = 0; i < rank; i++)
        values[i] = x->dim[rank - 1 - i];
    return fuzz_add_ints(g, values, rank);
}

static const char *add_int_list(fuzz_generator *g, int count, int low, int high)
{
    int64_t values[2 * ITGC_MAX_RANK] = {0};
    for (int i = 0; i < count; i++)
        values[i] = low + fuzz_choose(&g->bytes, high - low + 1);
    return fuzz_add_ints(g, values, count);
}

static const char *add_resize_scales(fuzz_generator *g, const itgc_shape *x)
{
    static const float scales[] = {1.0f, 2.0f, 0.5f, 1.5f, 3.0f, 0.7f};
    float values[ITGC_MAX_RANK];
    const float scale = scales[fuzz_choose(&g->bytes, 6)];
    for (int i = 0; i < x->rank; i++)
        values[i] = i < 2 ? 1.0f : scale;
    const char *const name = fuzz_next_name(g);
    add_floats(&g->writer, name, itgc_sprint(g->arena, "%d", x->rank), values, (size_t)x->rank);
    return name;
}

/* W or R of a recurrent op with `gates`: [1, gates * hidden, input]. */
static const char *add_recurrent(fuzz_generator *g, int gates, int64_t input)
{
    const itgc_shape shape = {.rank = 3, .dim = {1, gates * 2, input}};
    g->gates = gates;
    return fuzz_add_floats(g, &shape, false);
}

static const char *any_tensor(fuzz_generator *g)
{
    return g->tensors[fuzz_choose(&g->bytes, g->tensor_count)].name;
}

/* A tensor of the same shape if there is one, so that sums of branches are common. */
static const char *alike_tensor(fuzz_generator *g, const fuzz_tensor *first)
{
    const int start = fuzz_choose(&g->bytes, g->tensor_count);
    for (int i = 0; i < g->tensor_count; i++) {
        const fuzz_tensor *const tensor = &g->tensors[(start + i) % g->tensor_count];
        if (itgc_same_shape(&tensor->shape, &first->shape))
            return tensor->name;
    }
    return first->name;
}

static const char *add_vector(fuzz_generator *g, char kind, const itgc_shape *x)
{
    itgc_shape shape;
    switch (kind) {
    case 'v': /* bias of the convolution just made */
    case 'o':
        shape = make_shape(1, g->outputs, 1);
        break;
    case 'l':
        shape = make_shape(1, dimension(x, x->rank - 1), 1);
        break;
    case 'n':
        shape = make_shape(x->rank > 1 ? x->rank - 1 : 1, fuzz_choose(&g->bytes, 2) ? dimension(x, 1) : 1, 1);
        break;
    case 's':
    case 'S':
        shape = (itgc_shape){.rank = 0};
        break;
    case 'm':
        shape = make_shape(2, dimension(x, x->rank - 1), 1 + fuzz_choose(&g->bytes, 12));
        break;
    case 'g':
        g->outputs = 1 + fuzz_choose(&g->bytes, 12);
        g->transposed = fuzz_choose(&g->bytes, 2) == 1;
        shape = g->transposed ? make_shape(2, g->outputs, dimension(x, 1)) : make_shape(2, dimension(x, 1), g->outputs);
        break;
    case 'b':
    case 'q':
        shape = broadcast_shape(g, x);
        break;
    default: /* c, p: one for each channel */
        shape = make_shape(1, dimension(x, 1), 1);
        break;
    }
    return fuzz_add_floats(g, &shape, kind == 'p' || kind == 'q');
}

static const char *add_integers(fuzz_generator *g, char kind, const itgc_shape *x)
{
    const int rank = x->rank < 1 ? 1 : x->rank;
    switch (kind) {
    case 'r':
        return add_shape_operand(g, x);
    case 'e':
        return add_int_list(g, rank, 1, 1);
    case 't':
        return add_int_list(g, 1, 1, 2);
    case 'P':
        return add_int_list(g, 2 * rank, 0, 1);
    case 'a': /* starts, and ends by 'i' below, of one axis */
        return add_int_list(g, 1, 0, 2);
    case 'i':
        return add_int_list(g, 1, -1, 9);
    case 'A':
        return add_int_list(g, 1, -1, rank - 1);
    case 'I':
        return add_int_list(g, 1 + fuzz_choose(&g->bytes, 3), -1, 1);
    case 'N':
        return add_int_list(g, 1, 0, 1);
    case 'k':
        return add_int_list(g, 1, 1, 3);
    default: { /* K: a number */
        const int64_t value = fuzz_choose(&g->bytes, 2);
        const char *const name = fuzz_next_name(g);
        add_ints(&g->writer, name, "", &value, 1);
        return name;
    }
    }
}

const char *fuzz_add_operand(fuzz_generator *g, char kind, const fuzz_tensor *first, const char *op)
{
    const itgc_shape *const x = &first->shape;
    (void)op;
    if (kind == '0')
        return "";
    if (strchr("wWfdj", kind) != NULL)
        return fuzz_add_conv_weights(g, kind, x);
    if (kind == 'R')
        return add_resize_scales(g, x);
    if (kind >= '1' && kind <= '4')
        return add_recurrent(g, kind - '0', dimension(x, x->rank - 1));
    if (kind == 'h')
        return add_recurrent(g, g->gates, 2);
    if (kind == 'y')
        return fuzz_choose(&g->bytes, 4) == 0 ? any_tensor(g) : alike_tensor(g, first);
    if (kind == 'z')
        return fuzz_choose(&g->bytes, 3) == 0 ? alike_tensor(g, first) : add_vector(g, 'b', x);
    if (strchr("retPaiAINkKX", kind) != NULL)
        return add_integers(g, kind == 'X' ? 'I' : kind, x);
    return add_vector(g, kind, x);
}

static void set_list(fuzz_generator *g, const char *name, int count, int low, int high)
{
    int64_t values[2 * ITGC_MAX_RANK] = {0};
    for (int i = 0; i < count; i++)
        values[i] = low + fuzz_choose(&g->bytes, high - low + 1);
    set_ints(&g->writer, name, values, (size_t)count);
}

static void set_permutation(fuzz_generator *g, int rank)
{
    int64_t perm[ITGC_MAX_RANK] = {0, 1, 2, 3, 4, 5, 6, 7};
    for (int i = rank - 1; i > 0; i--) {
        const int other = fuzz_choose(&g->bytes, i + 1);
        const int64_t kept = perm[i];
        perm[i] = perm[other];
        perm[other] = kept;
    }
    set_ints(&g->writer, "perm", perm, (size_t)rank);
}

static const char *choose_word(fuzz_generator *g, const char *words)
{
    const char *const copy = itgc_copy_string(g->arena, words);
    int count = 1;
    for (const char *c = copy; *c != '\0'; c++)
        count += *c == ' ';
    const char *at = copy;
    for (int skip = fuzz_choose(&g->bytes, count); skip > 0; skip--)
        at = strchr(at, ' ') + 1;
    return itgc_copy_bytes(g->arena, at, strcspn(at, " "));
}

static const char *mode_words(const char *op)
{
    return strcmp(op, "Pad") == 0            ? "constant reflect edge wrap"
           : strcmp(op, "Resize") == 0       ? "nearest linear cubic"
           : strcmp(op, "Upsample") == 0     ? "nearest linear"
           : strcmp(op, "DepthToSpace") == 0 ? "DCR CRD"
                                             : "";
}

/* Strings; false if `name` is none of them. */
static bool set_word(fuzz_generator *g, const char *op, const char *name)
{
    static const struct {
        const char *name, *words;
    } rows[] = {{"auto_pad", "NOTSET SAME_UPPER SAME_LOWER VALID"},
                {"approximate", "none tanh"},
                {"equation", "abcd,abcd->abcd abcd,abcd->ab ...i,...i->... ab,ab->ba abcd,abcd->adcb"},
                {"coordinate_transformation_mode", "half_pixel asymmetric align_corners pytorch_half_pixel tf_half_pixel_for_nn"},
                {"nearest_mode", "floor ceil round_prefer_floor round_prefer_ceil"},
                {"direction", "forward reverse"}};
    const char *words = strcmp(name, "mode") == 0 ? mode_words(op) : NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, name) == 0)
            words = rows[i].words;
    if (words != NULL && *words != '\0')
        set_string(&g->writer, name, choose_word(g, words));
    return words != NULL;
}

static bool set_number(fuzz_generator *g, const char *name, int rank)
{
    static const struct {
        const char *name;
        int low, high;
    } rows[] = {{"keepdims", 0, 1},
                {"ceil_mode", 0, 1},
                {"count_include_pad", 0, 1},
                {"upper", 0, 1},
                {"exclusive", 0, 1},
                {"reverse", 0, 1},
                {"num_groups", 1, 4},
                {"p", 1, 2},
                {"size", 1, 5},
                {"largest", 0, 1},
                {"transA", 0, 1},
                {"batch_dims", 0, 1},
                {"blocksize", 1, 3},
                {"to", 1, 12},
                {"hidden_size", 2, 2},
                {"num_outputs", 1, 3},
                {"select_last_index", 0, 1},
                {"q_num_heads", 1, 2},
                {"kv_num_heads", 1, 2},
                {"is_causal", 0, 1},
                {"start", -1, 1},
                {"end", 1, 3},
                {"antialias", 0, 1},
                {"linear_before_reset", 0, 1},
                {"k", 1, 2}};
    if (strcmp(name, "axis") == 0) {
        set_int(&g->writer, name, fuzz_choose(&g->bytes, 2 * rank) - rank);
        return true;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, name) == 0) {
            set_int(&g->writer, name, rows[i].low + fuzz_choose(&g->bytes, rows[i].high - rows[i].low + 1));
            return true;
        }
    return false;
}

static void set_one(fuzz_generator *g, const char *op, const char *name, const fuzz_tensor *first)
{
    const int rank = first->shape.rank < 1 ? 1 : first->shape.rank, spatial = rank > 2 ? rank - 2 : 1;
    if (set_word(g, op, name) || set_number(g, name, rank))
        return;
    if (strcmp(name, "strides") == 0 || strcmp(name, "dilations") == 0)
        set_list(g, name, spatial, 1, 2);
    else if (strcmp(name, "kernel_shape") == 0 && strncmp(op, "Conv", 4) != 0)
        set_list(g, name, spatial, 1, 3);
    else if (strcmp(name, "pads") == 0)
        set_list(g, name, strcmp(op, "Pad") == 0 ? 2 * rank : 2 * spatial, 0, 1);
    else if (strcmp(name, "perm") == 0)
        set_permutation(g, rank);
    else if (strcmp(name, "axes") == 0)
        set_list(g, name, 1, -1, rank - 1);
    else if (strcmp(name, "alpha") == 0 || strcmp(name, "beta") == 0 || strcmp(name, "lambd") == 0)
        set_float(&g->writer, name, 0.25f * (float)fuzz_choose(&g->bytes, 6));
}

static bool is_needed(const char *name)
{
    return strcmp(name, "kernel_shape") == 0 || strcmp(name, "to") == 0 || strcmp(name, "hidden_size") == 0 || strcmp(name, "blocksize") == 0 ||
           strcmp(name, "equation") == 0 || strcmp(name, "num_groups") == 0 || strcmp(name, "size") == 0;
}

static bool is_of_window(const char *name)
{
    return strcmp(name, "kernel_shape") == 0 || strcmp(name, "strides") == 0 || strcmp(name, "dilations") == 0 || strcmp(name, "pads") == 0 ||
           strcmp(name, "auto_pad") == 0;
}

void fuzz_set_attributes(fuzz_generator *g, const char *op, const char *names, const fuzz_tensor *first)
{
    const bool has_window = strstr(names, "kernel_shape") != NULL && fuzz_set_far_windows(g, op, &first->shape);
    if (strncmp(op, "Conv", 4) == 0 && g->group > 1)
        set_int(&g->writer, "group", g->group);
    if (strcmp(op, "Gemm") == 0 && g->transposed)
        set_int(&g->writer, "transB", 1);
    for (const char *at = names; *at != '\0';) {
        const size_t length = strcspn(at, " ");
        const char *const name = itgc_copy_bytes(g->arena, at, length);
        if (!(has_window && is_of_window(name)) && (is_needed(name) || fuzz_choose(&g->bytes, 3) == 2))
            set_one(g, op, name, first);
        at += length;
        at += strspn(at, " ");
    }
}

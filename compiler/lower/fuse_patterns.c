/* SPDX-License-Identifier: Apache-2.0
 * Activations that exporters spell as products are found by their factors: c * x * u(x) with u = Sigmoid, HardSigmoid, Clip(x+3,0,6),
 * 1+Erf, 1+Tanh, Tanh(Softplus) becomes Swish, HardSwish, Gelu or Mish; c * Clip(x+3,0,6) becomes HardSigmoid. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <math.h>

#define MAX_FACTORS 4

typedef struct product {
    itgc_tensor *factor[MAX_FACTORS];
    int count;
    double constant;
} product;

/* tensor as a product of tensors and one number. Mul nodes below the root count only where nothing else reads them. */
static bool read_product(itgc_tensor *tensor, product *result)
{
    itgc_tensor *open[MAX_FACTORS] = {tensor};
    int open_count = 1;
    *result = (product){.constant = 1.0};
    while (open_count > 0) {
        itgc_tensor *next = open[--open_count];
        const itgc_node *mul = itgc_producer_of(next, "Mul");
        double value;
        if (itgc_is_scalar(next, &value)) {
            result->constant *= value;
        } else if (mul && (next == tensor || itgc_only_reader(next))) {
            if (open_count + 2 > MAX_FACTORS) {
                return false;
            }
            open[open_count++] = mul->in[0];
            open[open_count++] = mul->in[1];
        } else if (result->count == MAX_FACTORS) {
            return false;
        } else {
            result->factor[result->count++] = next;
        }
    }
    return true;
}

/* tensor = in + number; *in. */
static bool is_sum(const itgc_tensor *tensor, double number, itgc_tensor **in)
{
    const itgc_node *add = itgc_producer_of(tensor, "Add");
    double value;
    if (!add || !itgc_is_scalar(add->in[1], &value) || !itgc_is_about(value, number)) {
        return false;
    }
    *in = add->in[0];
    return true;
}

/* tensor = number * x. */
static bool is_multiple(itgc_tensor *tensor, double number, const itgc_tensor *x)
{
    product p;
    return read_product(tensor, &p) && p.count == 1 && p.factor[0] == x && itgc_is_about(p.constant, number);
}

/* tensor = number * x^power, as products or Pow. */
static bool is_power(itgc_tensor *tensor, double number, int power, const itgc_tensor *x)
{
    product p;
    if (!read_product(tensor, &p) || !itgc_is_about(p.constant, number)) {
        return false;
    }
    double sum = 0.0;
    for (int i = 0; i < p.count; i++) {
        const itgc_node *pow_node = itgc_producer_of(p.factor[i], "Pow");
        double exponent = 1.0;
        if (p.factor[i] != x && !(pow_node && pow_node->in[0] == x && itgc_is_scalar(pow_node->in[1], &exponent))) {
            return false;
        }
        sum += exponent;
    }
    return sum == power;
}

/* sqrt(2/pi) * (x + 0.044715 x^3), with x factored out or not. */
static bool is_gelu_argument(itgc_tensor *tensor, const itgc_tensor *x)
{
    static const double outer = 0.7978845608028654, inner = 0.044715;
    product p;
    itgc_tensor *rest;
    if (!read_product(tensor, &p) || !itgc_is_about(p.constant, outer)) {
        return false;
    }
    if (p.count == 2) {
        itgc_tensor *sum = p.factor[0] == x ? p.factor[1] : p.factor[0];
        return (p.factor[0] == x || p.factor[1] == x) && is_sum(sum, 1.0, &rest) && is_power(rest, inner, 2, x);
    }
    const itgc_node *add = p.count == 1 ? itgc_producer_of(p.factor[0], "Add") : NULL;
    return add && ((add->in[0] == x && is_power(add->in[1], inner, 3, x)) || (add->in[1] == x && is_power(add->in[0], inner, 3, x)));
}

static bool is_clipped_sum(const itgc_tensor *tensor, itgc_tensor **x)
{
    const itgc_node *clip = itgc_producer_of(tensor, "Clip");
    if (!clip) {
        return false;
    }
    const itgc_unary_params *params = clip->params;
    return params->alpha == 0.0 && itgc_is_about(params->beta, 6.0) && is_sum(clip->in[0], 3.0, x);
}

static bool match_sigmoid(const itgc_tensor *x, const itgc_tensor *u, itgc_unary_params *params)
{
    const itgc_node *sigmoid = itgc_producer_of(u, "Sigmoid");
    product p;
    if (!sigmoid || !read_product(sigmoid->in[0], &p)) {
        return false;
    }
    const bool is_plain = sigmoid->in[0] == x;
    if (!is_plain && !(p.count == 1 && p.factor[0] == x)) {
        return false;
    }
    *params = (itgc_unary_params){.kind = ITGC_SWISH, .alpha = is_plain ? 1.0 : p.constant};
    return true;
}

static bool match_hard_sigmoid(const itgc_tensor *x, const itgc_tensor *u, itgc_unary_params *params)
{
    const itgc_node *gate = itgc_producer_of(u, "HardSigmoid");
    if (!gate || gate->in[0] != x) {
        return false;
    }
    const itgc_unary_params *given = gate->params;
    *params = (itgc_unary_params){.kind = ITGC_HARD_SWISH};
    return itgc_is_about(given->alpha, 1.0 / 6.0) && itgc_is_about(given->beta, 0.5);
}

static bool match_clip(const itgc_tensor *x, const itgc_tensor *u, itgc_unary_params *params)
{
    itgc_tensor *in;
    *params = (itgc_unary_params){.kind = ITGC_HARD_SWISH};
    return is_clipped_sum(u, &in) && in == x;
}

static bool match_mish(const itgc_tensor *x, const itgc_tensor *u, itgc_unary_params *params)
{
    const itgc_node *tanh_node = itgc_producer_of(u, "Tanh");
    const itgc_node *softplus = tanh_node ? itgc_producer_of(tanh_node->in[0], "Softplus") : NULL;
    *params = (itgc_unary_params){.kind = ITGC_MISH};
    return softplus && softplus->in[0] == x;
}

static bool match_gelu(const itgc_tensor *x, const itgc_tensor *u, itgc_unary_params *params)
{
    itgc_tensor *in;
    const itgc_node *erf_node = is_sum(u, 1.0, &in) ? itgc_producer_of(in, "Erf") : NULL;
    *params = (itgc_unary_params){.kind = ITGC_GELU};
    return erf_node && is_multiple(erf_node->in[0], 0.7071067811865476, x);
}

static bool match_gelu_tanh(const itgc_tensor *x, const itgc_tensor *u, itgc_unary_params *params)
{
    itgc_tensor *in;
    const itgc_node *tanh_node = is_sum(u, 1.0, &in) ? itgc_producer_of(in, "Tanh") : NULL;
    *params = (itgc_unary_params){.kind = ITGC_GELU_TANH};
    return tanh_node && is_gelu_argument(tanh_node->in[0], x);
}

static const struct {
    const char *type;
    double constant; /* what the product's number must be */
    bool (*match)(const itgc_tensor *x, const itgc_tensor *u, itgc_unary_params *params);
} rules[] = {
    {"Swish", 1.0, match_sigmoid}, {"HardSwish", 1.0, match_hard_sigmoid}, {"HardSwish", 1.0 / 6.0, match_clip}, {"Mish", 1.0, match_mish},
    {"Gelu", 0.5, match_gelu},     {"Gelu", 0.5, match_gelu_tanh},
};

static itgc_tensor *fuse_gate(itgc_graph *graph, const itgc_node *node, const product *p)
{
    for (int swap = 0; swap < 2; swap++) {
        itgc_tensor *x = p->factor[swap];
        const itgc_tensor *u = p->factor[1 - swap];
        for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
            itgc_unary_params params;
            if (itgc_is_about(p->constant, rules[i].constant) && rules[i].match(x, u, &params)) {
                return itgc_insert_unary(graph, rules[i].type, &params, node->out[0]->name, x);
            }
        }
    }
    return NULL;
}

static itgc_tensor *fuse_hard_sigmoid(itgc_graph *graph, const itgc_node *node, const product *p)
{
    itgc_tensor *x;
    if (!itgc_is_about(p->constant, 1.0 / 6.0) || !is_clipped_sum(p->factor[0], &x)) {
        return NULL;
    }
    const itgc_unary_params params = {.kind = ITGC_HARD_SIGMOID, .alpha = 1.0 / 6.0, .beta = 0.5};
    return itgc_insert_unary(graph, "HardSigmoid", &params, node->out[0]->name, x);
}

bool itgc_fuse_patterns(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    const int count = graph->node_count;
    for (int i = count - 1; i >= 0; i--) { /* from the outside in: the whole product before its parts */
        itgc_node *node = graph->nodes[i];
        product p;
        if (!itgc_is_op(node, "Mul") || !read_product(node->out[0], &p)) {
            continue;
        }
        itgc_tensor *out = p.count == 2 ? fuse_gate(graph, node, &p) : p.count == 1 ? fuse_hard_sigmoid(graph, node, &p) : NULL;
        if (out) {
            itgc_replace_node(graph, node, out);
        }
    }
    return !graph->diag->error;
}

/* SPDX-License-Identifier: Apache-2.0
 * Resize (ONNX opsets 10 to 19) and Upsample (7 to 10): nearest, linear and cubic, every coordinate and nearest mode, antialias, axes and
 * keep_aspect_ratio_policy. Scales or sizes are constant inputs. One axis at a time; axes that stay as they are cost nothing. */
#include "compiler/ops/resize.h"
#include "compiler/ops/gather_axis.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/walk.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Index of a name in a list that ends with NULL; error 232 if it is not there. */
static bool find_name(itgc_diag *diag, const char *attribute, const char *name, const char *const *names, int *found)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(name, names[i]) == 0) {
            *found = i;
            return true;
        }
    }
    return itgc_fail(diag, 232, "%s \"%.60s\" is unknown; re-export with another mode", attribute, name);
}

static bool is_legacy(const itgc_node *node)
{
    return strcmp(node->type, "Upsample") == 0 || node->opset < 11;
}

/* Upsample 7 holds its scales in an attribute. */
static bool read_scales_attribute(const itgc_node *node, itgc_diag *diag, itgc_resize_params *params)
{
    const itgc_attribute *const scales = itgc_find_attribute(node, "scales");
    if (scales == NULL) {
        return true;
    }
    if (scales->kind != ITGC_ATTR_FLOATS || scales->count > ITGC_MAX_RANK) {
        return itgc_fail(diag, 232, "attribute \"scales\" is not a number for each axis; export the model again");
    }
    params->scale_count = scales->count;
    for (int i = 0; i < scales->count; i++) {
        params->scale[i] = (double)scales->floats[i];
    }
    return true;
}

static bool parse_resize(itgc_node *node, itgc_diag *diag)
{
    static const char *const modes[] = {"nearest", "linear", "cubic", "bilinear", NULL};
    static const char *const coordinates[] = {"half_pixel",           "pytorch_half_pixel", "align_corners",        "asymmetric",
                                              "half_pixel_symmetric", "tf_crop_and_resize", "tf_half_pixel_for_nn", NULL};
    static const char *const nearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil", "simple", NULL};
    static const char *const policies[] = {"stretch", "not_larger", "not_smaller", NULL};
    itgc_resize_params *const params = node->params;
    const bool legacy = is_legacy(node);
    int mode = 0, coordinate = 0, near = 0, policy = 0;
    if (!find_name(diag, "mode", itgc_string_attribute(node, "mode", "nearest"), modes, &mode) ||
        !find_name(diag, "coordinate_transformation_mode",
                   itgc_string_attribute(node, "coordinate_transformation_mode", legacy ? "asymmetric" : "half_pixel"), coordinates, &coordinate) ||
        !find_name(diag, "nearest_mode", itgc_string_attribute(node, "nearest_mode", legacy ? "simple" : "round_prefer_floor"), nearest, &near) ||
        !find_name(diag, "keep_aspect_ratio_policy", itgc_string_attribute(node, "keep_aspect_ratio_policy", "stretch"), policies, &policy)) {
        return false;
    }
    params->mode = mode == 3 ? ITGC_RESIZE_LINEAR : (itgc_resize_mode)mode;
    params->coordinates = (itgc_coordinates)coordinate;
    params->nearest = (itgc_nearest)near;
    params->aspect = (itgc_aspect)policy;
    params->cubic_a = itgc_float_attribute(node, "cubic_coeff_a", -0.75f);
    params->extrapolation = itgc_float_attribute(node, "extrapolation_value", 0.0f);
    params->exclude_outside = itgc_int_attribute(node, "exclude_outside", 0) != 0;
    params->antialias = itgc_int_attribute(node, "antialias", 0) != 0;
    const int count = itgc_ints_attribute(node, "axes", params->axes, ITGC_MAX_RANK);
    params->axis_count = count < 0 ? 0 : count;
    if (count == -2) {
        return itgc_fail(diag, 211, "axes has more than %d values; export the model again", ITGC_MAX_RANK);
    }
    return read_scales_attribute(node, diag, params);
}

/* What an optional list input says, or NULL where it is left out or empty. */
static bool read_list(const itgc_node *node, itgc_diag *diag, int input, int64_t count, const itgc_value **list)
{
    const itgc_tensor *const tensor = itgc_input_of(node, input);
    *list = NULL;
    if (tensor == NULL || itgc_elements(&tensor->shape) == 0) {
        return true;
    }
    if (tensor->constant == NULL) {
        return itgc_fail(diag, 213, "input %d (\"%.100s\") must be a constant; export with fixed shapes, or give all of them with --input-shape",
                         input, tensor->name);
    }
    if (itgc_elements(&tensor->shape) != count) {
        return itgc_fail(diag, 232, "input %d (\"%.100s\") does not have the %" PRId64 " values that its axes need; export the model again", input,
                         tensor->name, count);
    }
    *list = tensor->constant;
    return true;
}

/* sizes → output dimensions and scales; a policy other than stretch makes one scale serve all axes. */
static bool apply_sizes(const itgc_value *sizes, itgc_diag *diag, itgc_resize_params *params, const itgc_shape *x, itgc_shape *y)
{
    double common = 0;
    for (int i = 0; i < params->axis_count; i++) {
        const int axis = (int)params->axes[i];
        if (sizes->i == NULL || sizes->i[i] < 1 || sizes->i[i] > INT32_MAX || x->dim[axis] < 1) {
            return itgc_fail(diag, 232, "its sizes are not positive integers; check the input shape");
        }
        y->dim[axis] = sizes->i[i];
        params->scale[axis] = (double)sizes->i[i] / (double)x->dim[axis];
        const bool is_tighter = params->aspect == ITGC_NOT_LARGER ? params->scale[axis] < common : params->scale[axis] > common;
        common = i == 0 || is_tighter ? params->scale[axis] : common;
    }
    for (int i = 0; i < params->axis_count && params->aspect != ITGC_STRETCH; i++) {
        const int axis = (int)params->axes[i];
        params->scale[axis] = common;
        y->dim[axis] = (int64_t)floor(common * (double)x->dim[axis] + 0.5);
    }
    return true;
}

static bool apply_scales(const itgc_value *scales, itgc_diag *diag, itgc_resize_params *params, const itgc_shape *x, itgc_shape *y)
{
    for (int i = 0; i < params->axis_count; i++) {
        const int axis = (int)params->axes[i];
        const double scale = scales->f == NULL ? 0 : (double)scales->f[i];
        const double size = floor((double)((float)x->dim[axis] * (float)scale));
        if (!(scale > 0) || !(size >= 0 && size < 1e9)) {
            return itgc_fail(diag, 232, "a scale of %g for a dimension of %" PRId64 " is not supported; use positive scales", scale, x->dim[axis]);
        }
        params->scale[axis] = scale;
        y->dim[axis] = (int64_t)size;
    }
    return true;
}

static bool settle_axes(itgc_resize_params *params, itgc_diag *diag, int rank)
{
    if (params->axis_count == 0) {
        params->axis_count = rank;
        for (int i = 0; i < rank; i++) {
            params->axes[i] = i;
        }
    }
    for (int i = 0; i < params->axis_count; i++) {
        if (!itgc_normalize_axis(diag, &params->axes[i], rank)) {
            return false;
        }
    }
    return true;
}

static bool apply_region(const itgc_node *node, itgc_diag *diag, itgc_resize_params *params)
{
    const itgc_value *region = NULL;
    if (params->coordinates != ITGC_CROP_AND_RESIZE) {
        return true;
    }
    if (!read_list(node, diag, 1, 2 * params->axis_count, &region)) {
        return false;
    }
    if (region == NULL || region->f == NULL) {
        return itgc_fail(diag, 232, "its region of interest is missing; tf_crop_and_resize needs one");
    }
    for (int i = 0; i < params->axis_count; i++) {
        params->region_start[params->axes[i]] = region->f[i];
        params->region_end[params->axes[i]] = region->f[params->axis_count + i];
    }
    return true;
}

static bool infer_resize(itgc_node *node, itgc_diag *diag)
{
    itgc_resize_params *const params = node->params;
    const itgc_shape *const x = &node->in[0]->shape;
    const itgc_value attribute = {.f = (float[ITGC_MAX_RANK]){0}}, *scales = NULL, *sizes = NULL;
    itgc_shape y = *x;
    itgc_resize_params settled = *params;
    if (!itgc_require_type(diag, node, 0, params->mode == ITGC_RESIZE_NEAREST ? ITGC_ALL_TYPES : ITGC_FLOATS) ||
        !settle_axes(&settled, diag, x->rank) || !read_list(node, diag, is_legacy(node) ? 1 : 2, settled.axis_count, &scales) ||
        !read_list(node, diag, 3, settled.axis_count, &sizes) || !apply_region(node, diag, &settled)) {
        return false;
    }
    if (params->scale_count == x->rank) {
        for (int i = 0; i < x->rank; i++) {
            attribute.f[i] = (float)params->scale[i];
        }
        scales = &attribute;
    }
    for (int i = 0; i < x->rank; i++) {
        settled.scale[i] = 1;
    }
    if (sizes == NULL && scales == NULL) {
        return itgc_fail(diag, 232, "neither scales nor sizes are given for its %d axes; export the model again", settled.axis_count);
    }
    if (sizes != NULL ? !apply_sizes(sizes, diag, &settled, x, &y) : !apply_scales(scales, diag, &settled, x, &y)) {
        return false;
    }
    settled.axis_count = params->axis_count; /* as given: a pass that permutes the axes reads it */
    *params = settled;
    itgc_set_output(node, 0, node->in[0]->type, &y);
    return true;
}

static itgc_value *blend_axis(const itgc_eval *eval, const itgc_value *in, int axis, const itgc_resize_taps *taps, int64_t count)
{
    const itgc_resize_params *const params = eval->node->params;
    itgc_shape shape = in->shape;
    shape.dim[axis] = count;
    itgc_value *const out = itgc_new_value(eval->scratch, in->type, &shape);
    const int64_t inner = itgc_inner_count(&in->shape, axis), length = in->shape.dim[axis] * inner;
    float *to = out->f;
    for (int64_t i = 0; i < itgc_outer_count(&in->shape, axis) * count; i++, to += inner) {
        const int64_t *const source = taps->source + i % count * taps->count;
        const float *const weight = taps->weight + i % count * taps->count, *const from = in->f + i / count * length;
        for (int64_t j = 0; j < inner; j++) {
            float sum = source[0] < 0 ? params->extrapolation : 0.0f;
            for (int64_t t = 0; t < taps->count && source[0] >= 0; t++) {
                sum += weight[t] * from[source[t] * inner + j];
            }
            to[j] = sum;
        }
    }
    return out;
}

static bool eval_resize(const itgc_eval *eval)
{
    const itgc_resize_params *const params = eval->node->params;
    const itgc_value *value = eval->in[0];
    const int64_t integer = (int64_t)params->extrapolation;
    const void *const fill = itgc_is_float(value->type) ? (const void *)&params->extrapolation : (const void *)&integer;
    if (itgc_elements(&eval->out[0]->shape) == 0) {
        return true;
    }
    for (int axis = 0; axis < value->shape.rank; axis++) {
        const int64_t in = value->shape.dim[axis], out = eval->out[0]->shape.dim[axis];
        if (in == out && params->scale[axis] == 1 && params->coordinates != ITGC_CROP_AND_RESIZE) {
            continue;
        }
        itgc_resize_taps taps;
        itgc_fill_resize_taps(&taps, eval->scratch, params, axis, in, out);
        value = params->mode == ITGC_RESIZE_NEAREST ? itgc_gather_axis(eval->scratch, value, axis, taps.source, out, fill)
                                                    : blend_axis(eval, value, axis, &taps, out);
    }
    itgc_copy_elements(eval->out[0], value);
    return true;
}

const itgc_op itgc_op_resize = {.family = "resize",
                                .attributes = "mode coordinate_transformation_mode nearest_mode cubic_coeff_a exclude_outside extrapolation_value "
                                              "antialias axes keep_aspect_ratio_policy scales",
                                .min_inputs = 1,
                                .max_inputs = 4,
                                .max_outputs = 1,
                                .params_bytes = sizeof(itgc_resize_params),
                                .parse = parse_resize,
                                .infer = infer_resize,
                                .eval = eval_resize,
                                .quantize = itgc_quantize_resize};

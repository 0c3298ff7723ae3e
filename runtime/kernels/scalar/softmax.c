/* SPDX-License-Identifier: Apache-2.0
 * Final softmax of one vector: the definition every other table must equal. Contract: runtime/kernels/softmax.h; docs/numerics.md 4.
 * Three passes without scratch: maximum, sum of exponentials, outputs (each exponential is computed twice). */
#include "runtime/kernels/softmax.h"
#include "runtime/kernels/element.h"

const uint32_t itg_powers_of_two[257] = {
    1073741824, 1070838486, 1067942999, 1065055341, 1062175491, 1059303428, 1056439131, 1053582579, 1050733751, 1047892626, 1045059183, 1042233401,
    1039415261, 1036604740, 1033801819, 1031006477, 1028218693, 1025438448, 1022665720, 1019900489, 1017142735, 1014392438, 1011649578, 1008914134,
    1006186087, 1003465416, 1000752102, 998046124,  995347464,  992656100,  989972014,  987295185,  984625594,  981963222,  979308048,  976660054,
    974019220,  971385527,  968758955,  966139485,  963527098,  960921775,  958323496,  955732243,  953147997,  950570738,  948000448,  945437108,
    942880699,  940331203,  937788600,  935252872,  932724001,  930201967,  927686753,  925178340,  922676710,  920181844,  917693724,  915212331,
    912737649,  910269657,  907808339,  905353676,  902905651,  900464244,  898029440,  895601218,  893179563,  890764456,  888355878,  885953814,
    883558244,  881169153,  878786521,  876410331,  874040567,  871677210,  869320244,  866969651,  864625413,  862287515,  859955938,  857630665,
    855311680,  852998965,  850692504,  848392279,  846098274,  843810471,  841528855,  839253408,  836984114,  834720956,  832463917,  830212982,
    827968132,  825729353,  823496627,  821269938,  819049271,  816834607,  814625932,  812423229,  810226483,  808035676,  805850792,  803671817,
    801498734,  799331526,  797170178,  795014675,  792865000,  790721137,  788583072,  786450787,  784324269,  782203500,  780088465,  777979150,
    775875538,  773777614,  771685363,  769598769,  767517817,  765442492,  763372778,  761308661,  759250125,  757197155,  755149737,  753107854,
    751071493,  749040637,  747015274,  744995386,  742980960,  740971982,  738968435,  736970306,  734977579,  732990241,  731008277,  729031671,
    727060411,  725094480,  723133865,  721178552,  719228525,  717283772,  715344277,  713410026,  711481005,  709557200,  707638598,  705725183,
    703816941,  701913860,  700015924,  698123120,  696235434,  694352853,  692475362,  690602947,  688735596,  686873293,  685016026,  683163781,
    681316545,  679474303,  677637043,  675804750,  673977412,  672155015,  670337545,  668524990,  666717336,  664914570,  663116678,  661323648,
    659535466,  657752119,  655973594,  654199878,  652430958,  650666822,  648907455,  647152846,  645402981,  643657847,  641917433,  640181724,
    638450708,  636724373,  635002706,  633285695,  631573326,  629865587,  628162466,  626463950,  624770026,  623080683,  621395908,  619715688,
    618040012,  616368866,  614702239,  613040119,  611382493,  609729349,  608080675,  606436459,  604796689,  603161352,  601530438,  599903933,
    598281827,  596664106,  595050760,  593441776,  591837143,  590236848,  588640881,  587049229,  585461881,  583878825,  582300049,  580725543,
    579155293,  577589290,  576027521,  574469975,  572916640,  571367506,  569822560,  568281792,  566745190,  565212742,  563684439,  562160268,
    560640218,  559124278,  557612438,  556104685,  554601009,  553101399,  551605844,  550114332,  548626854,  547143398,  545663953,  544188508,
    542717053,  541249576,  539786068,  538326517,  536870912,
};

/* 2^30 * 2^(-distance / 65536), distance in 1/65536 octave; 0 from 31 octaves on. */
static uint32_t raise_two(uint64_t distance)
{
    if (distance >> 16 > 30)
        return 0;
    const uint32_t i = (uint32_t)(distance >> 8) & 255u;
    const uint32_t fraction = (uint32_t)distance & 255u;
    const uint32_t value = itg_powers_of_two[i] - (((itg_powers_of_two[i] - itg_powers_of_two[i + 1]) * fraction + 128u) >> 8);
    return value >> (distance >> 16);
}

static uint32_t exponential_of(const itg_softmax *softmax, int32_t largest, int32_t score)
{
    const uint64_t below = (uint64_t)((int64_t)largest - score);
    return raise_two((below * (uint32_t)softmax->multiplier + ((uint64_t)1 << (softmax->shift - 1))) >> softmax->shift);
}

/* exponential * reciprocal is 2^62 times the probability. */
static int32_t probability_code(itg_type type, uint32_t exponential, uint32_t reciprocal)
{
    const int bits = type == ITG_U8 ? 8 : type == ITG_S16 ? 15 : 16;
    const uint64_t product = (uint64_t)exponential * reciprocal + ((uint64_t)1 << (61 - bits));
    const uint32_t rounded = (uint32_t)(product >> (62 - bits));
    const uint32_t most = ((uint32_t)1 << bits) - 1;
    const int32_t clamped = (int32_t)(rounded < most ? rounded : most);
    return type == ITG_U8 ? clamped - 128 : clamped;
}

static void compute_row(const itg_softmax *softmax, void *out, const void *in)
{
    const size_t length = (size_t)softmax->length;
    int32_t largest = itg_load_code(in, softmax->in_type, 0);
    for (size_t i = 1; i < length; i++) {
        const int32_t score = itg_load_code(in, softmax->in_type, i);
        largest = score > largest ? score : largest;
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < length; i++)
        sum += exponential_of(softmax, largest, itg_load_code(in, softmax->in_type, i));
    const uint32_t reciprocal = (uint32_t)((((uint64_t)1 << 62) - 1) / sum);
    for (size_t i = 0; i < length; i++) {
        const uint32_t exponential = exponential_of(softmax, largest, itg_load_code(in, softmax->in_type, i));
        itg_store_code(out, softmax->out_type, i, probability_code(softmax->out_type, exponential, reciprocal));
    }
}

const itg_softmax_kernels itg_softmax_scalar = {.row = compute_row};

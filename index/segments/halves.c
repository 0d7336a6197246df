/* Rows of half-precision numbers in single precision, and their inner products with a vector: what
   index.segments.vector_index does in NumPy, the same numbers to the last bit, in a fraction of the time. To that end
   products are added in a set order and without fused operations (-ffp-contract=off). */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* By integer operations alone, which compilers make several of at a time. */
static void widen(const uint16_t *from, float *to, Py_ssize_t count) {
    for (Py_ssize_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)(from[i] & 0x7fff) << 13, sign = (uint32_t)(from[i] & 0x8000) << 16;
        float value;
        memcpy(&value, &bits, 4);
        value *= 0x1p112f; /* the exponent counts from -127, not from -15; right for numbers below the normal ones, too */
        memcpy(&bits, &value, 4);
        bits |= sign | ((from[i] & 0x7c00) == 0x7c00 ? 0x7f800000u : 0); /* infinity, and what is no number */
        memcpy(&to[i], &bits, 4);
    }
}

#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>
__attribute__((target("avx,f16c"))) static void widen_by_eights(const uint16_t *from, float *to, Py_ssize_t count) {
    Py_ssize_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(from + i))));
    widen(from + i, to + i, count - i);
}
#define CHOOSE (__builtin_cpu_supports("f16c") ? widen_by_eights : widen)
#else
#define CHOOSE widen
#endif

enum { LANES = 4, BLOCK = 16, ABREAST = 4 }; /* rows that are added up side by side, for no sum waits for another's */

/* Inner products of some rows of `width` numbers, a multiple of BLOCK: see vector_index.products for the order. */
static void multiply(const float *rows, const float *vector, Py_ssize_t width, float *out, Py_ssize_t count) {
    float sums[ABREAST][LANES] = {{0}};
    for (Py_ssize_t block = 0; block < width; block += BLOCK)
        for (Py_ssize_t at = block + BLOCK - LANES; at >= block; at -= LANES)
            for (int row = 0; row < ABREAST; row++)
                for (int lane = 0; lane < LANES; lane++)
                    sums[row][lane] += rows[row * width + at + lane] * vector[at + lane];
    for (Py_ssize_t row = 0; row < count; row++)
        out[row] = (sums[row][0] + sums[row][1]) + (sums[row][2] + sums[row][3]);
}

/* products(halves, rows, vector, out): of those `rows` (int64) of `halves`, (n, dim), with float32 `vector`, (dim,), into
   float32 `out`. All in C order. Raises ValueError where they do not fit together. */
static PyObject *products(PyObject *self, PyObject *args) {
    static const Py_ssize_t widths[4] = {2, 8, 4, 4};
    PyObject *given[4], *none = NULL;
    Py_buffer views[4] = {{0}};
    int taken = 0, right = 1;
    float *room = NULL;
    if (!PyArg_ParseTuple(args, "OOOO", &given[0], &given[1], &given[2], &given[3]))
        return NULL;
    for (; taken < 4; taken++) {
        int flags = PyBUF_ND | PyBUF_C_CONTIGUOUS | (taken == 3 ? PyBUF_WRITABLE : 0);
        if (PyObject_GetBuffer(given[taken], &views[taken], flags) < 0)
            goto done;
        right &= views[taken].ndim == (taken == 0 ? 2 : 1) && views[taken].itemsize == widths[taken];
    }
    right = right && views[2].shape[0] == views[0].shape[1] && views[3].shape[0] == views[1].shape[0];
    const Py_ssize_t dim = right ? views[0].shape[1] : 0, width = (dim + BLOCK - 1) / BLOCK * BLOCK;
    const int64_t *row = views[1].buf, count = right ? views[1].shape[0] : 0;
    if (!(room = calloc((ABREAST + 1) * width + 1, sizeof *room))) { /* zeros behind each row add nothing */
        PyErr_NoMemory();
        goto done;
    }
    Py_BEGIN_ALLOW_THREADS
    float *vector = room + ABREAST * width;
    if (right)
        memcpy(vector, views[2].buf, dim * sizeof *vector);
    for (int64_t first = 0; right && first < count; first += ABREAST) {
        const int64_t some = count - first < ABREAST ? count - first : ABREAST;
        for (int64_t r = 0; r < some && right; r++)
            if ((right = row[first + r] >= 0 && row[first + r] < views[0].shape[0]))
                CHOOSE((const uint16_t *)views[0].buf + row[first + r] * dim, room + r * width, dim);
        if (right)
            multiply(room, vector, width, (float *)views[3].buf + first, some);
    }
    Py_END_ALLOW_THREADS
    if (right)
        none = Py_NewRef(Py_None);
    else
        PyErr_SetString(PyExc_ValueError, "rows that are not there, or arrays that do not fit together");
done:
    free(room);
    while (taken)
        PyBuffer_Release(&views[--taken]);
    return none;
}

/* decode(halves, rows, into): `halves` of two dimensions, `rows` int64 numbers of its rows, `into` as many rows of float32.
   All in C order. Raises ValueError where they do not fit together. */
static PyObject *decode(PyObject *self, PyObject *args) {
    PyObject *given[3], *out = NULL;
    Py_buffer halves = {0}, rows = {0}, into = {0};
    const int flags = PyBUF_ND | PyBUF_C_CONTIGUOUS;
    if (!PyArg_ParseTuple(args, "OOO", &given[0], &given[1], &given[2]))
        return NULL;
    if (PyObject_GetBuffer(given[0], &halves, flags) == 0 && PyObject_GetBuffer(given[1], &rows, flags) == 0 &&
        PyObject_GetBuffer(given[2], &into, flags | PyBUF_WRITABLE) == 0) {
        int right = halves.ndim == 2 && halves.itemsize == 2 && rows.ndim == 1 && rows.itemsize == 8 && into.ndim == 2 &&
                    into.itemsize == 4 && into.shape[0] == rows.shape[0] && into.shape[1] == halves.shape[1];
        const int64_t *row = rows.buf;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t r = 0, dim = right ? halves.shape[1] : 0; right && r < rows.shape[0]; r++)
            if ((right = row[r] >= 0 && row[r] < halves.shape[0]))
                CHOOSE((const uint16_t *)halves.buf + row[r] * dim, (float *)into.buf + r * dim, dim);
        Py_END_ALLOW_THREADS
        if (right)
            out = Py_NewRef(Py_None);
        else
            PyErr_SetString(PyExc_ValueError, "rows that are not there, or arrays that do not fit together");
    }
    PyBuffer_Release(&halves);
    PyBuffer_Release(&rows);
    PyBuffer_Release(&into);
    return out;
}

static PyMethodDef methods[] = {{"decode", decode, METH_VARARGS, NULL},
                                {"products", products, METH_VARARGS, NULL},
                                {NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_halves", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__halves(void) { return PyModule_Create(&module); }

/* The weight of a question that texts say in its order: what search.ranking.alignment does in NumPy, the same numbers. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1 << 12, MAX_ASKED = 1 << 11 };

/* The question's letters, each with a number of its own, in a table that is looked up by hashing (linear probing). */
typedef struct {
    uint32_t code[SLOTS];
    int32_t number[SLOTS]; /* from 1; 0 where there is none */
    int32_t asked[MAX_ASKED], known;
} Letters;

static uint32_t slot_of(const Letters *letters, uint32_t code) {
    uint32_t slot = (code * 2654435761u) >> 20;
    while (letters->number[slot] && letters->code[slot] != code)
        slot = (slot + 1) % SLOTS;
    return slot;
}

static void learn(Letters *letters, const uint32_t *asked, Py_ssize_t count) {
    memset(letters->number, 0, sizeof letters->number);
    letters->known = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        uint32_t slot = slot_of(letters, asked[i]);
        if (!letters->number[slot]) {
            letters->code[slot] = asked[i];
            letters->number[slot] = ++letters->known;
        }
        letters->asked[i] = letters->number[slot];
    }
}

/* best[j]: weight of the question so far that the text says in order up to its j-th letter, which never falls with j.
   A letter of the question can only raise it from where the text has that letter on; the last such place is taken first,
   so that what stands before each place is still the weight without this letter. */
static double align(const Letters *letters, const double *weights, Py_ssize_t count, const uint32_t *text,
                    Py_ssize_t size, int32_t *before, double *best) {
    int32_t last[MAX_ASKED + 1], places = 0;
    memset(last, 0, (letters->known + 1) * sizeof *last);
    for (Py_ssize_t j = 0; j < size; j++) {
        int32_t number = letters->number[slot_of(letters, text[j])];
        if (number) { /* what the question does not have is in no common subsequence */
            before[++places] = last[number];
            last[number] = places;
        }
    }
    memset(best, 0, (places + 1) * sizeof *best);
    for (Py_ssize_t i = 0; i < count; i++)
        for (int32_t j = last[letters->asked[i]]; j; j = before[j]) {
            double longer = best[j - 1] + weights[i];
            for (int32_t n = j; n <= places && best[n] < longer; n++)
                best[n] = longer;
        }
    return best[places];
}

/* in_order(texts, ends, asked, weights, out): code points of all texts, uint32, and where each text ends, int64; code
   points of the question, uint32, and their float64 weights; the weight of each text goes into float64 out. */
static PyObject *in_order(PyObject *self, PyObject *args) {
    static const Py_ssize_t widths[5] = {4, 8, 4, 8, 8};
    PyObject *given[5], *none = NULL;
    Py_buffer views[5] = {{0}};
    int taken = 0, right = 1;
    if (!PyArg_ParseTuple(args, "OOOOO", &given[0], &given[1], &given[2], &given[3], &given[4]))
        return NULL;
    for (; taken < 5; taken++) {
        int flags = PyBUF_ND | PyBUF_C_CONTIGUOUS | (taken == 4 ? PyBUF_WRITABLE : 0);
        if (PyObject_GetBuffer(given[taken], &views[taken], flags) < 0)
            goto done;
        right &= views[taken].ndim == 1 && views[taken].itemsize == widths[taken];
    }
    const int64_t *ends = views[1].buf;
    Py_ssize_t texts = right ? views[1].shape[0] : 0, asked = right ? views[2].shape[0] : 0, longest = 0;
    right &= asked <= MAX_ASKED && right && views[3].shape[0] == asked && views[4].shape[0] == texts;
    for (Py_ssize_t t = 0, begin = 0; right && t < texts; begin = ends[t++]) {
        right = ends[t] >= begin && ends[t] <= views[0].shape[0] && ends[t] - begin < INT32_MAX;
        longest = ends[t] - begin > longest ? ends[t] - begin : longest;
    }
    if (!right) {
        PyErr_SetString(PyExc_ValueError, "arrays that do not fit together");
        goto done;
    }
    Letters *letters = malloc(sizeof *letters);
    int32_t *before = malloc((longest + 1) * sizeof *before);
    double *best = malloc((longest + 1) * sizeof *best);
    if (letters && before && best) {
        Py_BEGIN_ALLOW_THREADS
        learn(letters, views[2].buf, asked);
        for (Py_ssize_t t = 0, begin = 0; t < texts; begin = ends[t++])
            ((double *)views[4].buf)[t] = align(letters, views[3].buf, asked, (const uint32_t *)views[0].buf + begin,
                                                ends[t] - begin, before, best);
        Py_END_ALLOW_THREADS
        none = Py_NewRef(Py_None);
    } else
        PyErr_NoMemory();
    free(letters);
    free(before);
    free(best);
done:
    while (taken)
        PyBuffer_Release(&views[--taken]);
    return none;
}

static PyMethodDef methods[] = {{"in_order", in_order, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_align", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__align(void) { return PyModule_Create(&module); }

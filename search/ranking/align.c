/* The weight of a question that texts say in its order: what search.ranking.alignment does in NumPy, the same numbers. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

/* best[j]: weight of the question so far that a text says in order up to its place j. */
static void align(const int64_t *said, Py_ssize_t places, const int64_t *asked, const double *weights, Py_ssize_t letters,
                  double *best) {
    memset(best, 0, places * sizeof *best);
    for (Py_ssize_t i = 0; i < letters; i++) {
        double before = 0, most = 0; /* of this letter's line: without it one place before, and with it so far */
        for (Py_ssize_t j = 0; j < places; j++) {
            double own = best[j], longer = said[j] == asked[i] ? before + weights[i] : 0;
            before = own;
            most = longer > most ? longer : most;
            best[j] = most = own > most ? own : most;
        }
    }
}

/* weigh(said, asked, weights, room, out): letters of texts, int64 (texts, places), and of the question, int64 (letters,),
   with float64 weights; float64 room (places,); the weight of each text goes into float64 out (texts,). */
static PyObject *weigh(PyObject *self, PyObject *args) {
    PyObject *given[5], *none = NULL;
    Py_buffer views[5] = {{0}};
    int taken = 0, right;
    if (!PyArg_ParseTuple(args, "OOOOO", &given[0], &given[1], &given[2], &given[3], &given[4]))
        return NULL;
    for (; taken < 5; taken++)
        if (PyObject_GetBuffer(given[taken], &views[taken],
                               PyBUF_ND | PyBUF_C_CONTIGUOUS | (taken > 2 ? PyBUF_WRITABLE : 0)) < 0)
            goto done;
    right = views[0].ndim == 2;
    for (int i = 0; i < 5; i++)
        right &= views[i].itemsize == 8 && (i == 0 || views[i].ndim == 1);
    if (right && views[1].shape[0] == views[2].shape[0] && views[3].shape[0] == views[0].shape[1] &&
        views[4].shape[0] == views[0].shape[0]) {
        const Py_ssize_t places = views[0].shape[1];
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t text = 0; text < views[0].shape[0]; text++) {
            align((const int64_t *)views[0].buf + text * places, places, views[1].buf, views[2].buf, views[1].shape[0],
                  views[3].buf);
            ((double *)views[4].buf)[text] = places ? ((const double *)views[3].buf)[places - 1] : 0;
        }
        Py_END_ALLOW_THREADS
        none = Py_NewRef(Py_None);
    } else
        PyErr_SetString(PyExc_ValueError, "arrays that do not fit together");
done:
    while (taken)
        PyBuffer_Release(&views[--taken]);
    return none;
}

static PyMethodDef methods[] = {{"weigh", weigh, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_align", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__align(void) { return PyModule_Create(&module); }

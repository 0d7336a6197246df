/* Where strings stand in a sorted table, and what they are: what index.storage.string_table does in Python. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const uint8_t *bytes;
    const uint64_t *keys; /* the first eight bytes of each string as a number */
    const void *ends;     /* of each string among the bytes, in 4 or 8 bytes each */
    Py_ssize_t size, count, width;
} Table;

static int64_t end_of(const Table *table, Py_ssize_t i) {
    return i < 0             ? 0
           : table->width == 4 ? ((const uint32_t *)table->ends)[i]
                               : (int64_t)((const uint64_t *)table->ends)[i];
}

/* Below, at or above 0 as string `i` is less than, equal to or more than `sought`; -2 where it lies outside the bytes. */
static int compare(const Table *table, Py_ssize_t i, const char *sought, Py_ssize_t size) {
    const int64_t begin = end_of(table, i - 1), end = end_of(table, i), own = end - begin;
    if (begin < 0 || own < 0 || end > table->size)
        return -2;
    const int order = memcmp(table->bytes + begin, sought, own < size ? own : size);
    return order ? (order > 0) - (order < 0) : (own > size) - (own < size);
}

/* The number of a string, -1 where it is not there, -2 where the table is damaged. */
static int64_t find(const Table *table, const char *sought, Py_ssize_t size) {
    uint64_t key = 0;
    for (Py_ssize_t i = 0; i < 8; i++)
        key = key << 8 | (i < size ? (uint8_t)sought[i] : 0);
    Py_ssize_t low = 0, high = table->count;
    while (low < high) {
        const Py_ssize_t middle = low + (high - low) / 2;
        int order = (table->keys[middle] > key) - (table->keys[middle] < key);
        if (!order) {
            order = compare(table, middle, sought, size);
            if (!order || order == -2)
                return order ? -2 : middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

/* find_all(bytes, ends, keys, sought, out): the files of a StringTable; a list of bytes; their numbers go into int64 out. */
static PyObject *find_all(PyObject *self, PyObject *args) {
    PyObject *given[4], *sought, *none = NULL;
    Py_buffer views[4] = {{0}};
    int taken = 0;
    if (!PyArg_ParseTuple(args, "OOOO!O", &given[0], &given[1], &given[2], &PyList_Type, &sought, &given[3]))
        return NULL;
    for (; taken < 4; taken++)
        if (PyObject_GetBuffer(given[taken], &views[taken],
                               PyBUF_ND | PyBUF_C_CONTIGUOUS | (taken == 3 ? PyBUF_WRITABLE : 0)) < 0)
            goto done;
    const Table table = {views[0].buf, views[2].buf, views[1].buf, views[0].len,
                         views[2].len / 8, views[1].itemsize};
    int right = views[0].itemsize == 1 && (table.width == 4 || table.width == 8) && views[2].itemsize == 8 &&
                views[3].itemsize == 8 && views[1].len / table.width == table.count &&
                views[3].len / 8 == PyList_GET_SIZE(sought);
    for (Py_ssize_t i = 0; right && i < PyList_GET_SIZE(sought); i++) {
        PyObject *one = PyList_GET_ITEM(sought, i);
        if ((right = PyBytes_Check(one))) {
            const int64_t number = find(&table, PyBytes_AS_STRING(one), PyBytes_GET_SIZE(one));
            ((int64_t *)views[3].buf)[i] = number;
            right = number != -2;
        }
    }
    if (right)
        none = Py_NewRef(Py_None);
    else
        PyErr_SetString(PyExc_ValueError, "no sound table of strings, or arrays that do not fit together");
done:
    while (taken)
        PyBuffer_Release(&views[--taken]);
    return none;
}

/* take(bytes, starts, ends): a list of the strings that stand in `bytes` from each of int64 `starts` to each of `ends`. */
static PyObject *take(PyObject *self, PyObject *args) {
    PyObject *given[3], *out = NULL;
    Py_buffer views[3] = {{0}};
    int taken = 0;
    if (!PyArg_ParseTuple(args, "OOO", &given[0], &given[1], &given[2]))
        return NULL;
    for (; taken < 3; taken++)
        if (PyObject_GetBuffer(given[taken], &views[taken], PyBUF_ND | PyBUF_C_CONTIGUOUS) < 0)
            goto done;
    const char *bytes = views[0].buf;
    const int64_t *starts = views[1].buf, *ends = views[2].buf;
    const Py_ssize_t count = views[1].len / 8;
    int right = views[0].itemsize == 1 && views[1].itemsize == 8 && views[2].itemsize == 8 && views[2].len / 8 == count;
    for (Py_ssize_t i = 0; right && i < count; i++)
        right = 0 <= starts[i] && starts[i] <= ends[i] && ends[i] <= views[0].len;
    if (!right)
        PyErr_SetString(PyExc_ValueError, "no sound table of strings, or arrays that do not fit together");
    else if ((out = PyList_New(count)))
        for (Py_ssize_t i = 0; i < count; i++) {
            PyObject *one = PyUnicode_DecodeUTF8(bytes + starts[i], ends[i] - starts[i], "surrogatepass");
            if (!one) {
                Py_CLEAR(out);
                break;
            }
            PyList_SET_ITEM(out, i, one);
        }
done:
    while (taken)
        PyBuffer_Release(&views[--taken]);
    return out;
}

static PyMethodDef methods[] = {
    {"find_all", find_all, METH_VARARGS, NULL}, {"take", take, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_strings", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__strings(void) { return PyModule_Create(&module); }

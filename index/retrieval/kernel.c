/* BM25 over the postings of one segment: the best chunks, and the exact scores of some.

   index.retrieval.segment_scorer defines both in NumPy; this gives the same numbers to the last bit. To that end every
   term is added in the order of the plan, in doubles, without fused operations (-ffp-contract=off).

   `best` goes through the segment in windows of some thousand chunks, whose sums stay in the caches. Terms come by
   falling weight. Once the k-th best score is known, those that could not lift a chunk over it together are left out
   (non-essential terms, MaxScore: Turtle & Flood, 1995), and looked up for the chunks only that are still in the race.

   Arrays come by the buffer protocol. Sizes and types are checked before, every document number as it is met: a
   damaged file raises ValueError, whatever it holds. Nothing is kept after a call, and other threads run meanwhile. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

enum { VERSION = 1, MAX_FIELDS = 8, WINDOW = 4096 };

static const double SLACK = 1 - 1e-9; /* of a bound, for what sums in another order may be off by */
static const double ESSENTIAL = 0.5;  /* of the k-th score: what non-essential terms may add up to */
static const char SIGNED[] = "ilq", UNSIGNED[] = "BHIL", REAL[] = "fd", TRUTH[] = "?";

typedef struct {
    const int64_t *starts;
    const int32_t *docs;
    const void *tfs;
    const float *norms;
    Py_ssize_t terms, postings, width; /* of a term frequency, in bytes */
    int whole;                         /* a document is an article, not a chunk */
} Field;

typedef struct {
    const Field *field;
    double weight;
    int64_t at, end;           /* postings from the window on */
    int64_t low, high, window; /* those of the window, where it is this one */
} Term;

typedef struct {
    Py_buffer views[4 * MAX_FIELDS + 8];
    int taken, l;
    double k1, full, delta; /* full: k1 + 1, in single precision but for variant `l` */
    Field fields[MAX_FIELDS];
    const int32_t *map; /* chunk_starts or chunk_articles */
    Py_ssize_t mapped, chunks, articles, size;
    Term *terms;
    const char *damage;
} Plan;

typedef struct {
    int64_t row;
    double score;
} Found;

/* The numbers of an array of one dimension: of a kind that is one of `kinds`, `width` bytes each, or up to 4 for 0. */
static const Py_buffer *take(Plan *plan, PyObject *source, const char *kinds, Py_ssize_t width, int flags) {
    Py_buffer *view = &plan->views[plan->taken];
    if (PyObject_GetBuffer(source, view, PyBUF_ND | PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | flags) < 0)
        return NULL;
    plan->taken++;
    const char *format = view->format ? view->format : "B";
    format += *format == '<' || *format == '=' || *format == '@';
    if (view->ndim == 1 && *format && !format[1] && strchr(kinds, *format) &&
        (width ? view->itemsize == width : view->itemsize <= 4))
        return view;
    PyErr_SetString(PyExc_ValueError, "an array of other numbers than are wanted");
    return NULL;
}

static int no(const char *why) { return PyErr_SetString(PyExc_ValueError, why), 0; }

static void release(Plan *plan) {
    while (plan->taken)
        PyBuffer_Release(&plan->views[--plan->taken]);
    PyMem_Free(plan->terms);
}

static int open_field(Plan *plan, Field *field, PyObject *from) {
    PyObject *arrays[4];
    const Py_buffer *starts, *docs, *tfs, *norms;
    if (!PyArg_ParseTuple(from, "OOOOp", &arrays[0], &arrays[1], &arrays[2], &arrays[3], &field->whole) ||
        !(starts = take(plan, arrays[0], SIGNED, 8, 0)) || !(docs = take(plan, arrays[1], SIGNED, 4, 0)) ||
        !(tfs = take(plan, arrays[2], UNSIGNED, 0, 0)) || !(norms = take(plan, arrays[3], REAL, 4, 0)))
        return 0;
    Py_ssize_t documents = norms->shape[0], *known = field->whole ? &plan->articles : &plan->chunks;
    if (docs->shape[0] != tfs->shape[0] || (*known >= 0 && *known != documents))
        return no("arrays of a field that do not fit together");
    *known = documents;
    *field = (Field){starts->buf, docs->buf, tfs->buf, norms->buf, starts->shape[0] - 1, docs->shape[0], tfs->itemsize,
                     field->whole};
    return 1;
}

/* Fields, each (starts, docs, tfs, norms, whole); the formula; of each term its field, its number there or -1, and its
   weight. */
static int open_plan(Plan *plan, PyObject *fields, PyObject *formula, PyObject *map, PyObject *const *of_terms) {
    const Py_buffer *mapped, *term_fields, *numbers, *weights;
    Py_ssize_t count = PyTuple_Check(fields) ? PyTuple_GET_SIZE(fields) : 0;
    plan->chunks = plan->articles = -1;
    if (count < 1 || count > MAX_FIELDS)
        return no("no fields, or too many");
    if (!PyArg_ParseTuple(formula, "pddd", &plan->l, &plan->k1, &plan->full, &plan->delta) ||
        !(mapped = take(plan, map, SIGNED, 4, 0)) || !(term_fields = take(plan, of_terms[0], UNSIGNED, 1, 0)) ||
        !(numbers = take(plan, of_terms[1], SIGNED, 8, 0)) || !(weights = take(plan, of_terms[2], REAL, 8, 0)))
        return 0;
    for (Py_ssize_t f = 0; f < count; f++)
        if (!open_field(plan, &plan->fields[f], PyTuple_GET_ITEM(fields, f)))
            return 0;
    plan->map = mapped->buf;
    plan->mapped = mapped->shape[0];
    plan->size = weights->shape[0];
    if (term_fields->shape[0] != plan->size || numbers->shape[0] != plan->size)
        return no("a field, a number and a weight are wanted for each term");
    if (!(plan->terms = PyMem_Calloc(plan->size + 1, sizeof *plan->terms)))
        return PyErr_NoMemory(), 0;
    for (Py_ssize_t i = 0; i < plan->size; i++) {
        uint8_t f = ((const uint8_t *)term_fields->buf)[i];
        int64_t number = ((const int64_t *)numbers->buf)[i];
        if (f >= count || number >= plan->fields[f].terms)
            return no("a term that is not in its field");
        const Field *field = &plan->fields[f];
        int64_t at = number < 0 ? 0 : field->starts[number], end = number < 0 ? 0 : field->starts[number + 1];
        if (at < 0 || at > end || end > field->postings)
            return no("postings of a term that are not there");
        plan->terms[i] = (Term){field, ((const double *)weights->buf)[i], at, end, 0, 0, -1};
    }
    return 1;
}

/* What a posting adds; its document has been looked at. Bm25.saturation is the definition. */
static inline double part(const Plan *plan, const Field *field, double weight, int64_t at) {
    double norm = field->norms[field->docs[at]];
    double tf = field->width == 1   ? ((const uint8_t *)field->tfs)[at]
                : field->width == 2 ? ((const uint16_t *)field->tfs)[at]
                             : ((const uint32_t *)field->tfs)[at];
    if (plan->l) {
        double c = tf * (plan->k1 != 0 ? plan->k1 / (norm > 1e-9 ? norm : 1e-9) : 1.0) + plan->delta;
        return plan->full * c / (plan->k1 + c) * weight;
    }
    return (tf * plan->full / (tf + norm) + plan->delta) * weight;
}

/* The first of the postings from `low` on, up to `high`, of a document of `least` or more. */
static inline int64_t seek(const int32_t *docs, int64_t low, int64_t high, int64_t least) {
    int64_t step = 1;
    while (low + step < high && docs[low + step - 1] < least) {
        low += step;
        step *= 2;
    }
    int64_t end = low + step < high ? low + step : high;
    while (low < end) {
        int64_t middle = low + (end - low) / 2;
        if (docs[middle] < least)
            low = middle + 1;
        else
            end = middle;
    }
    return low;
}

/* Add what the postings of the window are worth; 0 where they do not ascend. */
static int add(const Plan *plan, Term *term, double *const *all_sums, const int64_t *bases, const int64_t *limits) {
    const Field *field = term->field;
    const int64_t base = bases[field->whole], limit = limits[field->whole], end = term->end;
    const int32_t *docs = field->docs;
    double *sums = all_sums[field->whole];
    int64_t at = term->at;
    for (; at < end && docs[at] < limit; at++) {
        if (docs[at] < base)
            return 0;
        sums[docs[at] - base] += part(plan, field, term->weight, at);
    }
    term->at = at;
    return 1;
}

typedef struct {
    double *heap; /* the k best scores, the least first; 0 for those that are still to come */
    Found *found;
    int64_t k, count, room;
    double needed; /* what a chunk needs to be among the best, ties included */
} Best;

static void compact(Best *best) {
    int64_t kept = 0;
    for (int64_t i = 0; i < best->count; i++)
        if (best->found[i].score >= best->needed)
            best->found[kept++] = best->found[i];
    best->count = kept;
}

static int offer(Best *best, int64_t row, double score) {
    if (best->count == best->room) {
        compact(best);
        if (best->count > best->room / 2) {
            Found *more = PyMem_RawRealloc(best->found, 2 * best->room * sizeof *more);
            if (!more)
                return 0;
            best->found = more;
            best->room *= 2;
        }
    }
    best->found[best->count++] = (Found){row, score};
    double *heap = best->heap;
    if (score > heap[0]) {
        int64_t at = 0, child;
        for (; (child = 2 * at + 1) < best->k; at = child) {
            child += child + 1 < best->k && heap[child + 1] < heap[child];
            if (heap[child] >= score)
                break;
            heap[at] = heap[child];
        }
        heap[at] = score;
    }
    if (heap[0] > best->needed)
        best->needed = heap[0];
    return 1;
}

/* The exact score of a chunk whose first `at` terms add up to `own` and `whole`; 0 where it cannot be enough. */
static double complete(const Plan *plan, Py_ssize_t at, const double *rest, double needed, double own, double whole,
                       int64_t window, const int64_t *bases, const int64_t *limits, const int64_t *document) {
    for (; at < plan->size; at++) {
        if (own + whole + rest[at] < needed * SLACK)
            return 0;
        Term *term = &plan->terms[at];
        const Field *field = term->field;
        const int32_t *docs = field->docs;
        if (term->window != window) {
            term->low = seek(docs, term->at, term->end, bases[field->whole]);
            term->high = term->at = seek(docs, term->low, term->end, limits[field->whole]);
            term->window = window;
        }
        int64_t found = seek(docs, term->low, term->high, document[field->whole]);
        if (found < term->high && docs[found] == document[field->whole])
            *(field->whole ? &whole : &own) += part(plan, field, term->weight, found);
    }
    return own + whole;
}

static int find_best(Plan *plan, const uint8_t *allowed, const double *rest, Best *best, double *sums[2]) {
    const int32_t *firsts = plan->map;
    int64_t room = WINDOW;
    for (int64_t first = 0, last; first < plan->articles; first = last) {
        const int64_t bases[2] = {firsts[first], first};
        for (last = first + 1; last < plan->articles && last - first < WINDOW; last++)
            if (firsts[last + 1] < firsts[last] || firsts[last + 1] - bases[0] > WINDOW)
                break;
        const int64_t limits[2] = {firsts[last], last}, width = limits[0] - bases[0];
        if (bases[0] < 0 || firsts[first + 1] < bases[0] || limits[0] > plan->chunks)
            return plan->damage = "chunks of articles that do not ascend", 0;
        if (width > room) { /* an article of very many chunks */
            PyMem_RawFree(sums[0]);
            if (!(sums[0] = PyMem_RawCalloc(room = width, sizeof(double))))
                return 0;
        }
        Py_ssize_t essential = plan->size;
        while (essential && rest[essential - 1] <= ESSENTIAL * best->needed)
            essential--;
        int touched = 0;
        for (Term *term = plan->terms; term < plan->terms + essential; term++) {
            int64_t before = term->at;
            if (!add(plan, term, sums, bases, limits))
                return plan->damage = "documents of a term that do not ascend", 0;
            touched |= term->at > before;
        }
        for (int64_t article = first; touched && article < last; article++) {
            const double whole = sums[1][article - first], enough = best->needed * SLACK - rest[essential] - whole;
            for (int64_t row = firsts[article]; row < firsts[article + 1]; row++) {
                const double own = sums[0][row - bases[0]];
                if (!(own >= enough) || own + whole == 0 || (allowed && !allowed[row]))
                    continue;
                const int64_t document[2] = {row, article};
                double score = complete(plan, essential, rest, best->needed, own, whole, first, bases, limits, document);
                if (score > 0 && score >= best->needed && !offer(best, row, score))
                    return 0;
            }
        }
        if (touched) {
            memset(sums[0], 0, width * sizeof(double));
            memset(sums[1], 0, (last - first) * sizeof(double));
        }
    }
    compact(best);
    return 1;
}

static PyObject *best(PyObject *self, PyObject *args) {
    PyObject *fields, *formula, *map, *of_terms[3], *mask, *out = NULL;
    double floor, *rest = NULL, *sums[2] = {NULL, NULL};
    const Py_buffer *allowed = NULL;
    long long k;
    Plan plan = {0};
    Best found = {0};
    if (!PyArg_ParseTuple(args, "OOOOOOLdO", &fields, &formula, &map, &of_terms[0], &of_terms[1], &of_terms[2], &k,
                          &floor, &mask))
        return NULL;
    if (!open_plan(&plan, fields, formula, map, of_terms) ||
        (mask != Py_None && !(allowed = take(&plan, mask, TRUTH, 1, 0))))
        goto done;
    if ((k < 1 || plan.mapped < 1 || plan.mapped - 1 != plan.articles || plan.map[plan.articles] != plan.chunks ||
         (allowed && allowed->shape[0] != plan.chunks)) && !no("chunks, articles and what is allowed do not fit"))
        goto done;
    found = (Best){.k = k < plan.chunks ? k : plan.chunks + 1, .room = 1024, .needed = floor > 0 ? floor : 0};
    found.heap = PyMem_RawCalloc(found.k, sizeof *found.heap);
    found.found = PyMem_RawCalloc(found.room, sizeof *found.found);
    rest = PyMem_RawCalloc(plan.size + 1, sizeof *rest);
    for (int whole = 0; whole < 2; whole++)
        sums[whole] = PyMem_RawCalloc(WINDOW, sizeof(double));
    int right = found.heap && found.found && rest && sums[0] && sums[1];
    if (right) {
        const double ceiling = plan.l ? plan.full : plan.full + plan.delta;
        for (Py_ssize_t i = plan.size; i-- > 0;) {
            const Term *term = &plan.terms[i];
            rest[i] = rest[i + 1] + (term->end > term->at && term->weight > 0 ? term->weight * ceiling : 0);
        }
        Py_BEGIN_ALLOW_THREADS
        right = find_best(&plan, allowed ? allowed->buf : NULL, rest, &found, sums);
        Py_END_ALLOW_THREADS
    }
    if (right)
        out = PyBytes_FromStringAndSize((const char *)found.found, found.count * sizeof *found.found);
    else if (!plan.damage || no(plan.damage))
        PyErr_NoMemory();
done:
    PyMem_RawFree(found.heap);
    PyMem_RawFree(found.found);
    PyMem_RawFree(rest);
    PyMem_RawFree(sums[0]), PyMem_RawFree(sums[1]);
    release(&plan);
    return out;
}

static void add_parts(Plan *plan, const int64_t *rows, Py_ssize_t count, double *into) {
    const int32_t *home = plan->map;
    double *total = into + plan->size * count;
    for (Py_ssize_t r = 0; r < count; r++)
        if (rows[r] < 0 || rows[r] >= plan->chunks || home[rows[r]] < 0 || home[rows[r]] >= plan->articles) {
            plan->damage = "a chunk that is not there";
            return;
        }
    for (Py_ssize_t i = 0; i < plan->size; i++) {
        const Term *term = &plan->terms[i];
        const Field *field = term->field;
        int64_t before = 0, at = term->at;
        for (Py_ssize_t r = 0; r < count; r++) {
            int64_t document = field->whole ? home[rows[r]] : rows[r];
            at = seek(field->docs, document < before ? term->at : at, term->end, document);
            before = document;
            into[i * count + r] =
                at < term->end && field->docs[at] == document ? part(plan, field, term->weight, at) : 0;
        }
    }
    for (Py_ssize_t r = 0; r < count; r++) {
        double sums[2] = {0, 0};
        for (Py_ssize_t i = 0; i < plan->size; i++)
            sums[plan->terms[i].field->whole] += into[i * count + r];
        total[r] = sums[0] + sums[1];
    }
}

static PyObject *parts(PyObject *self, PyObject *args) {
    PyObject *fields, *formula, *homes, *of_terms[3], *asked, *out, *none = NULL;
    const Py_buffer *rows, *into;
    Plan plan = {0};
    if (!PyArg_ParseTuple(args, "OOOOOOOO", &fields, &formula, &homes, &of_terms[0], &of_terms[1], &of_terms[2], &asked,
                          &out))
        return NULL;
    if (open_plan(&plan, fields, formula, homes, of_terms) && (rows = take(&plan, asked, SIGNED, 8, 0)) &&
        (into = take(&plan, out, REAL, 8, PyBUF_WRITABLE))) {
        if (plan.mapped != plan.chunks || into->shape[0] != rows->shape[0] * (plan.size + 1))
            plan.damage = "chunks, articles and parts do not fit together";
        Py_BEGIN_ALLOW_THREADS
        if (!plan.damage)
            add_parts(&plan, rows->buf, rows->shape[0], into->buf);
        Py_END_ALLOW_THREADS
        if (!plan.damage || no(plan.damage))
            none = Py_NewRef(Py_None);
    }
    release(&plan);
    return none;
}

static PyMethodDef methods[] = {
    {"best", best, METH_VARARGS, NULL},   /* SegmentScorer.best */
    {"parts", parts, METH_VARARGS, NULL}, /* SegmentScorer.parts */
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_kernel", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__kernel(void) {
    PyObject *made = PyModule_Create(&module);
    if (made && PyModule_AddIntConstant(made, "VERSION", VERSION) < 0)
        Py_CLEAR(made);
    return made;
}

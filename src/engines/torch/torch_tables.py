"""
Embedding tables that the process of torch_runner.py holds next to the weights of a program. The tables of a group have one width and one
optimizer, and their rows lie one after the other. So a step has one look-up for a group, one sum of gradients, and one update.
"""
import hashlib
import math

import torch
import torch_compile

dtypes = {'float32': torch.float32, 'int32': torch.int32}


class Reads:
    """The lists of a step, as `GroupReads` of table_group.ts describes them."""

    def __init__(self, about, numbers):
        codes, places, distinct, trained = about['codes'], about['places'], about['distinct'], about['trained']
        lengths = [codes, places + 1, distinct, trained, distinct + 1, codes, trained]
        self.codes, self.starts, self.distinct, self.gradients, self.begins, weights, shares = numbers.split(lengths)
        self.weights, self.shares = weights.view(torch.float32), shares.view(torch.float32)


def sums_of(rows, codes, starts, weights):
    """Returns the sum of the rows between two starts, each times its weight; zeros if there are none."""
    if codes.numel() == 0:
        return rows.new_zeros((starts.numel() - 1, rows.shape[1]))
    return torch.embedding_bag(rows, codes, starts, False, 0, False, weights, True)[0]


def finite(number):
    """JSON has no other numbers."""
    return number if math.isfinite(number) else None


class TableGroup:
    def __init__(self, about, device, programs):
        """@param programs the folder of compiled programs; None to compile nothing"""
        self.dim = about['dim']
        self.inputs = about['inputs']
        self.tables = about['tables']
        self.optimizer = about['optimizer']
        rows = sum(count for _, count in self.tables)
        self.values = torch.zeros((rows, self.dim), device=device)
        self.slots = {
            name: torch.zeros((rows, self.dim) if per == 'element' else (rows, 1), dtype=dtypes[dtype], device=device)
            for name, per, dtype in about['slots']
        }
        self.update = self.eager_update = Update(self.optimizer, list(self.slots))
        self.fixed = []
        if self.optimizer['kind'] in ('adam', 'lamb'):
            self.fixed = [corrections(self.optimizer['beta1'], self.optimizer['beta2']).to(device)]
        if programs is not None:
            with open(__file__, encoding='utf-8') as file:
                source = hashlib.sha256(file.read().encode()).hexdigest()
            described = [source, self.optimizer, self.dim, about['slots']]
            self.update = torch_compile.compiled(described, lambda: exported_update(self), programs, True)

    def stored(self):
        return [self.values, *self.slots.values()]

    def numbers(self, slot):
        return (self.values if slot is None else self.slots[slot]).view(-1)

    def look_up(self, reads, inputs, shapes):
        """Sets the inputs of the graph that this group has."""
        rows = sums_of(self.values, reads.codes, reads.starts, reads.weights)
        counts = [math.prod(shapes[at]) // self.dim for at, _ in self.inputs]
        for (at, _), piece in zip(self.inputs, rows.split(counts)):
            inputs[at] = piece.view(shapes[at])

    def train(self, reads, results, rate, is_watched):
        """Adds up the gradients of each distinct row, and takes one step on it. @returns the norms of these sums by table, if the step is watched"""
        if reads.distinct.numel() == 0:
            return {}
        gradients = torch.cat([results[output].reshape(-1, self.dim) for _, output in self.inputs if output is not None])
        sums = sums_of(gradients, reads.gradients, reads.begins, reads.shares)
        rows = reads.distinct.long()
        norms = self.norms_of(rows, sums) if is_watched else {}
        # The compiler planned for several.
        update = self.update if rows.numel() > 1 and self.values.shape[0] > 1 else self.eager_update
        update(rows, sums, torch.tensor(rate, device=rows.device), self.values, *self.slots.values(), *self.fixed)
        return norms

    def norms_of(self, rows, sums):
        squares = sums.double().square().sum(1)
        norms = {}
        first = 0
        for name, count in self.tables:
            norms[name] = finite(squares[(rows >= first) & (rows < first + count)].sum().sqrt().item())
            first += count
        return norms

    def table_norms(self, most):
        norms = {}
        first = 0
        for name, count in self.tables:
            read = min(count, max(1, most // self.dim))
            rows = first + torch.arange(read, device=self.values.device) * count // read
            squares = self.values.index_select(0, rows).double().square().sum().item()
            norms[name] = finite(math.sqrt(squares * count / read))
            first += count
        return norms


class Update(torch.nn.Module):
    """One step on distinct rows, in place. The arithmetic is that of kernels/update.ts."""

    def __init__(self, optimizer, slots):
        super().__init__()
        self.optimizer = optimizer
        self.slots = slots

    def forward(self, rows, sums, rate, table, *others):
        """@param others the slots in the order of their names, then what `corrections` returns for Adam and LAMB"""
        values = table.index_select(0, rows)
        state = {name: slot.index_select(0, rows) for name, slot in zip(self.slots, others)}
        l2, decay = self.optimizer['l2'], self.optimizer['weightDecay']
        if l2 > 0:
            sums = sums + l2 * values
        if decay > 0 and self.optimizer['kind'] != 'lamb':
            values = values * (1 - rate * decay)
        change = changes[self.optimizer['kind']](self.optimizer, sums, state, values, *others[len(self.slots) :])
        table.index_copy_(0, rows, values - rate * change)
        for name, slot in zip(self.slots, others):
            slot.index_copy_(0, rows, state[name])
        return ()


def exported_update(group):
    """Returns the update of a group for any number of its rows and of rows in a step."""
    examples = [torch.zeros(4 * torch_compile.planned_rows, *each.shape[1:], dtype=each.dtype) for each in group.stored()]
    rows = torch.arange(torch_compile.planned_rows)
    count, all_rows = torch.export.Dim('count', min=2), torch.export.Dim('all_rows', min=2)
    others = tuple([*({0: all_rows} for _ in group.slots), *({} for _ in group.fixed)])
    shapes = ({0: count}, {0: count}, {}, {0: all_rows}, *([others] if others else []))
    arguments = (rows, torch.zeros(len(rows), group.dim), torch.tensor(0.0), *examples, *group.fixed)
    return torch.export.export(group.eager_update, arguments, dynamic_shapes=shapes, strict=False)


# What a row optimizer subtracts from a row, times the rate. Each updates the state by name.


def sgd(optimizer, sums, state, values):
    return sums


def momentum(optimizer, sums, state, values):
    state['momentum'] = optimizer['beta1'] * state['momentum'] + sums
    return state['momentum']


def adagrad(optimizer, sums, state, values):
    state['sum'] = state['sum'] + sums * sums
    return sums / (state['sum'].sqrt() + optimizer['epsilon'])


def row_adagrad(optimizer, sums, state, values):
    state['sum'] = state['sum'] + sums.square().mean(1, keepdim=True)
    return sums / (state['sum'].sqrt() + optimizer['epsilon'])


def adam(optimizer, sums, state, values, corrections):
    """Each row counts its own steps."""
    beta1, beta2 = optimizer['beta1'], optimizer['beta2']
    state['steps'] = state['steps'] + 1
    state['mean'] = beta1 * state['mean'] + (1 - beta1) * sums
    state['square'] = beta2 * state['square'] + (1 - beta2) * sums * sums
    both = corrections.index_select(0, (state['steps'].view(-1) - 1).clamp(max=corrections.shape[0] - 1))
    divisor = state['square'].sqrt() + both[:, 1:] * optimizer['epsilon']
    return state['mean'] * both[:, :1] / divisor


def lamb(optimizer, sums, state, values, corrections):
    change = adam(optimizer, sums, state, values, corrections) + optimizer['weightDecay'] * values
    length, size = values.norm(dim=1, keepdim=True), change.norm(dim=1, keepdim=True)
    return change * torch.where((length > 0) & (size > 0), length / size, 1.0)


changes = {each.__name__: each for each in (sgd, momentum, adagrad, row_adagrad, adam, lamb)}

# The corrections of a row with more steps are 1, which is exact in float32 for β₂ up to 0.9999.
most_corrections = 200_000


def corrections(beta1, beta2):
    """Returns [√(1 − β₂ᵗ) ÷ (1 − β₁ᵗ), √(1 − β₂ᵗ)] for t = 1, 2, … until both are 1 in float32, which the last row is."""
    count = max(1 if beta <= 0 else math.ceil(math.log(2**-25) / math.log(beta)) for beta in (beta1, beta2))
    steps = torch.arange(1, min(most_corrections, count) + 1, dtype=torch.float64)
    root = (1 - beta2**steps).sqrt()
    return torch.cat([torch.stack([root / (1 - beta1**steps), root], 1), torch.ones(1, 2, dtype=torch.float64)]).float()


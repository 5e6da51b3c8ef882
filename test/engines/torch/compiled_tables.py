"""Takes steps of row optimizers compiled and op by op. Arguments: the folder of the modules, one for programs, and kinds of optimizers."""
import sys
sys.path.insert(0, sys.argv[1])
import torch
import torch_tables
torch.set_grad_enabled(False)
torch.use_deterministic_algorithms(True)
torch.set_num_threads(1)
slots = {
    'sgd': [], 'momentum': [['momentum', 'element', 'float32']], 'adagrad': [['sum', 'element', 'float32']], 'row_adagrad': [['sum', 'row', 'float32']],
    'adam': [['mean', 'element', 'float32'], ['square', 'element', 'float32'], ['steps', 'row', 'int32']],
}
slots['lamb'] = slots['adam']
for kind in sys.argv[3:]:
    optimizer = {'kind': kind, 'epsilon': 1e-8, 'beta1': 0.9, 'beta2': 0.999, 'weightDecay': 0.1, 'l2': 0.01}
    about = {'dim': 6, 'inputs': [], 'tables': [['items', 300]], 'optimizer': optimizer, 'slots': slots[kind]}
    compiled, eager = [torch_tables.TableGroup(about, torch.device('cpu'), folder) for folder in (sys.argv[2], None)]
    generator = torch.Generator().manual_seed(1)
    start = torch.randn(300, 6, generator=generator)
    for group in (compiled, eager):
        group.values.copy_(start)
    for step, count in enumerate([2, 300, 17, 1, 64, 64]):
        rows = torch.randperm(300, generator=generator)[:count]
        sums = torch.randn(count, 6, generator=generator)
        for group in (compiled, eager):
            update = group.update if count > 1 else group.eager_update
            update(rows, sums.clone(), torch.tensor(0.01 * (step + 1)), group.values, *group.slots.values(), *group.fixed)
        for one, other in zip(compiled.stored(), eager.stored()):
            torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
    assert not torch.equal(start, compiled.values), kind
    print(kind)

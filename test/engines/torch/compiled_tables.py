"""
Takes steps of all row optimizers by the exported update and op by op; compiling it takes seconds, so this is done for some. Arguments: the folder of the
modules, one for programs, and kinds to compile.
"""
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
for kind in slots:
    optimizer = {'kind': kind, 'epsilon': 1e-8, 'beta1': 0.9, 'beta2': 0.999, 'weightDecay': 0.1, 'l2': 0.01}
    about = {'dim': 6, 'inputs': [], 'tables': [['items', 300]], 'optimizer': optimizer, 'slots': slots[kind]}
    folder = sys.argv[2] if kind in sys.argv[3:] else None
    compiled, eager = [torch_tables.TableGroup(about, torch.device('cpu'), each) for each in (folder, None)]
    if folder is None:
        compiled.update = torch_tables.exported_update(compiled).module()
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
    print(kind, 'exported' if folder is None else 'compiled')

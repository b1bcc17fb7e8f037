# The commands of the project. `make study` and `make test` each do their own set-up and work alone in a fresh clone.

SWIFT_FLAGS := -c release
GRAFT := .build/release/graft

.PHONY: study test test-slurm test-docs test-browser reference docs install dist chaos check lint build setup chest-xray \
  bench bench-train bench-data bench-reuse bench-orchestration bench-report bench-serve clean

# Runs the embedded default study, grids/quickstart.yaml, and says where its report lies.
study: build
	@$(GRAFT) run grids/quickstart.yaml
	@$(GRAFT) report grids/quickstart.yaml

# Real chest X-rays from two backbones; WEIGHTS names the folder with resnet18.safetensors and
# deit_tiny_patch16_224.safetensors (default: weights).
chest-xray: build
	@sh scripts/chest-xray-data.sh datasets
	@GRAFT_WEIGHTS="$(abspath $(or $(WEIGHTS),weights))" $(GRAFT) run grids/chest-xray.yaml; status=$$?; \
	  GRAFT_WEIGHTS="$(abspath $(or $(WEIGHTS),weights))" $(GRAFT) report grids/chest-xray.yaml && exit $$status

setup:
	@sh scripts/setup.sh

build: setup
	@swift build $(SWIFT_FLAGS)

# Everything is tested as it is used: in release mode. The tests that run whole studies come by themselves, one after the
# other: they keep the machine busy, and the others are many at once.
STUDY_TESTS := CommandsTests|ServeTests|StagesTests|ChaosTests|DocsTests
SLURM_TESTS := Slurm(Cluster|Leftover|Site|Study)Tests
test: setup
	@swift build $(SWIFT_FLAGS) --build-tests
	@swift test $(SWIFT_FLAGS) --skip-build --skip '$(STUDY_TESTS)|$(SLURM_TESTS)'
	@swift test $(SWIFT_FLAGS) --skip-build --no-parallel --filter '$(STUDY_TESTS)'

# On a Slurm of the tests' own, which this installs; ONLY='NAME|NAME' takes some of them. Each suite has one cluster at a time, and
# mostly waits for it, so the suites run beside each other.
test-slurm:
	@sh scripts/setup.sh slurm-wlm munge
	@swift build $(SWIFT_FLAGS) --build-tests
	@swift test $(SWIFT_FLAGS) --skip-build --filter '$(or $(ONLY),$(SLURM_TESTS))'

# Every block of the documentation that can be run here, slow ones too, and what they print; PAGES='docs/tutorial.md' takes some.
test-docs: build
	@.build/release/graft-docs run $(PAGES)

# What follows from the commands' declarations and the table of options: man/, docs/reference.md, docs/options.md.
reference: build
	@.build/release/graft-docs reference

# The pages of the sources' comments, by DocC.
docs: setup
	@sh scripts/docs.sh

# Programs, manual and completions; DESTDIR goes before PREFIX.
PREFIX ?= /usr/local
install: build
	@sh scripts/install.sh .build/release "$(DESTDIR)$(PREFIX)"

# The release archive, in .build/dist.
dist: setup
	@sh scripts/dist.sh

# The live page and the report's page in a Chromium without a window, which this installs; GRAFT_SCREENSHOTS=FOLDER keeps pictures.
test-browser:
	@sh scripts/setup.sh chromium python3
	@swift build $(SWIFT_FLAGS) --product graft
	@swift build $(SWIFT_FLAGS) --product graft-hollow-worker
	@python3 Tests/Browser/browser.py

# Studies under kills, full disks and failing syncs, compared with undisturbed ones; on one machine and on a Slurm of its own.
# KILLS, SEED and ONLY (noop, training or slurm) say how many, which, and where; about 15 minutes for 1,000 kills.
chaos:
	@sh scripts/setup.sh slurm-wlm munge
	@swift build $(SWIFT_FLAGS)
	@.build/release/graft-chaos --kills $(or $(KILLS),1000) --seed $(or $(SEED),1) $(if $(ONLY),--only $(ONLY))

lint:
	@swift format lint --recursive --strict Package.swift Sources Tests

# What a change must pass: the format, a build without warnings, the tests.
check: setup lint
	@GRAFT_STRICT=1 $(MAKE) --no-print-directory test

bench: build
	@sh Benchmarks/bench.sh

# The study's main backbones against PyTorch with timm, a training step of each in turns.
bench-train: build
	@sh Benchmarks/bench.sh --only-setup
	@$${GRAFT_PEER_PYTHON:-Benchmarks/.venv/bin/python} Benchmarks/train/train_step.py --worker .build/release/graft-worker \
	  --name bench-train --backbones deit_small swin_tiny resnet50 inception_v3

# Image files into a store, against Pillow, torchvision and libjpeg-turbo's own scaled decoding, in turns.
bench-data: build
	@sh Benchmarks/bench.sh --only-setup
	@$${GRAFT_PEER_PYTHON:-Benchmarks/.venv/bin/python} Benchmarks/data/data.py --worker .build/release/graft-worker

# The measures of feature reuse of one DeiT-S, against PyTorch as the study's released code goes about it.
bench-reuse: build
	@sh Benchmarks/bench.sh --only-setup
	@$${GRAFT_PEER_PYTHON:-Benchmarks/.venv/bin/python} -m pip install --quiet safetensors
	@$${GRAFT_PEER_PYTHON:-Benchmarks/.venv/bin/python} Benchmarks/reuse/reuse.py --graft .build/release/graft \
	  --worker .build/release/graft-worker

# Planning, running, status and state at 100,000 cells and more, against Snakemake, doit, PyExperimenter, HyperQueue and xargs;
# QUICK=1 for small sizes.
bench-orchestration: build
	@sh Benchmarks/peers.sh Benchmarks/.venv-orchestration snakemake==9.27.1 hyperqueue==0.27.0 py-experimenter==1.4.2 doit==0.37.0
	@Benchmarks/.venv-orchestration/bin/python Benchmarks/orchestration/orchestration.py $(if $(QUICK),--quick)

# Tables and figures of 100,000 cells against pandas and matplotlib from the same CSV files; QUICK=1 for 10,000.
bench-report: build
	@sh Benchmarks/peers.sh Benchmarks/.venv-report pandas==3.1.1 matplotlib==3.11.2 scipy==1.17.1
	@Benchmarks/.venv-report/bin/python Benchmarks/report/report.py $(if $(QUICK),--quick)

# What 50 viewers of a study's live page cost: the server's share of a core, beside a run.
bench-serve:
	@sh scripts/setup.sh python3
	@swift build $(SWIFT_FLAGS) --product graft
	@swift build $(SWIFT_FLAGS) --product graft-hollow-worker
	@python3 Benchmarks/serve.py

clean:
	@rm -rf .build

package cognito

import (
	"cmp"
	"slices"
	"strings"

	"github.com/noidle/noidle/local/api"
)

// adminOperations need permissions.
func (s *Service) adminOperations() api.Operations {
	return api.Operations{
		"AdminAddUserToGroup":      admin(s, "AdminAddUserToGroup", s.addToGroup),
		"AdminConfirmSignUp":       admin(s, "AdminConfirmSignUp", s.adminConfirmSignUp),
		"AdminCreateUser":          admin(s, "AdminCreateUser", s.adminCreateUser),
		"AdminDeleteUser":          admin(s, "AdminDeleteUser", s.adminDeleteUser),
		"AdminGetUser":             admin(s, "AdminGetUser", s.adminGetUser),
		"AdminRemoveUserFromGroup": admin(s, "AdminRemoveUserFromGroup", s.removeFromGroup),
		"AdminSetUserPassword":     admin(s, "AdminSetUserPassword", s.adminSetUserPassword),
		"ListUsers":                admin(s, "ListUsers", s.listUsers),
	}
}

// poolInput names a pool.
type poolInput struct {
	UserPoolID string `json:"UserPoolId"`
}

func (in *poolInput) poolID() string { return in.UserPoolID }

// admin is an operation on a pool for those who may.
func admin[In any, Out any, P interface {
	*In
	poolID() string
}](s *Service, name string, operation func(p *pool, in *In) (Out, error)) api.Operation {
	return locked(s, func(call *api.Call, in *In) (out Out, err error) {
		id := P(in).poolID()
		if err := call.Authorize("cognito-idp:"+name, PoolARN(id), nil); err != nil {
			return out, err
		}
		p, err := s.pool(id)
		if err != nil {
			return out, err
		}
		return operation(p, in)
	})
}

type adminUserInput struct {
	poolInput
	Username string
}

type userType struct {
	Attributes           []attribute `json:",omitempty"`
	Enabled              bool
	UserAttributes       []attribute `json:",omitempty"`
	UserCreateDate       api.Timestamp
	UserLastModifiedDate api.Timestamp
	UserStatus           string
	Username             string
}

func (u *user) describe() userType {
	return userType{
		Attributes: u.attributeList(u.attributes), Enabled: true, UserStatus: u.status, Username: u.name,
		UserCreateDate: api.Timestamp{Time: u.created}, UserLastModifiedDate: api.Timestamp{Time: u.modified},
	}
}

type adminCreateUserInput struct {
	adminUserInput
	DesiredDeliveryMediums []string // no invitation is sent
	MessageAction          string
	TemporaryPassword      string
	UserAttributes         []attribute
}

type adminCreateUserOutput struct{ User userType }

func (s *Service) adminCreateUser(p *pool, in *adminCreateUserInput) (*adminCreateUserOutput, error) {
	if in.MessageAction == "RESEND" {
		return nil, fail("InvalidParameterException", "MessageAction RESEND is not supported locally: no invitation is sent")
	}
	u, err := p.add(in.Username, in.TemporaryPassword, forceChangePassword, attributeMap(in.UserAttributes), s.now())
	if err != nil {
		return nil, err
	}
	return &adminCreateUserOutput{u.describe()}, nil
}

type adminSetUserPasswordInput struct {
	adminUserInput
	Password  string
	Permanent bool
}

func (s *Service) adminSetUserPassword(p *pool, in *adminSetUserPasswordInput) (struct{}, error) {
	u, err := p.find(in.Username)
	if err == nil {
		err = p.Password.check(in.Password)
	}
	if err != nil {
		return struct{}{}, err
	}
	u.password, u.status, u.modified = newHash(in.Password), forceChangePassword, s.now()
	if in.Permanent {
		u.status = confirmed
	}
	return struct{}{}, nil
}

func (s *Service) adminConfirmSignUp(p *pool, in *adminUserInput) (struct{}, error) {
	u, err := p.find(in.Username)
	if err == nil && u.status != unconfirmed {
		err = fail("NotAuthorizedException", "User cannot be confirmed. Current status is %s", u.status)
	}
	if err == nil {
		u.status, u.modified, u.code = confirmed, s.now(), nil // the address is not verified by this
	}
	return struct{}{}, err
}

func (s *Service) adminGetUser(p *pool, in *adminUserInput) (userType, error) {
	u, err := p.find(in.Username)
	if err != nil {
		return userType{}, err
	}
	described := u.describe()
	described.UserAttributes, described.Attributes = described.Attributes, nil
	return described, nil
}

func (s *Service) adminDeleteUser(p *pool, in *adminUserInput) (struct{}, error) {
	u, err := p.find(in.Username)
	if err == nil {
		p.forget(u)
		delete(p.users, p.fold(cmp.Or(p.signInName(u), u.name)))
		for code, a := range p.codes {
			if a.user == u {
				delete(p.codes, code)
			}
		}
	}
	return struct{}{}, err
}

type groupInput struct {
	adminUserInput
	GroupName string
}

func (s *Service) addToGroup(p *pool, in *groupInput) (struct{}, error) {
	u, err := p.member(in)
	if err == nil && !slices.Contains(u.groups, in.GroupName) {
		u.groups = append(u.groups, in.GroupName)
	}
	return struct{}{}, err
}

func (s *Service) removeFromGroup(p *pool, in *groupInput) (struct{}, error) {
	u, err := p.member(in)
	if err == nil {
		u.groups = slices.DeleteFunc(u.groups, func(name string) bool { return name == in.GroupName })
	}
	return struct{}{}, err
}

func (p *pool) member(in *groupInput) (*user, error) {
	if !p.groups[in.GroupName] {
		return nil, fail("ResourceNotFoundException", "Group not found.")
	}
	return p.find(in.Username)
}

type listUsersInput struct {
	poolInput
	Filter string
}

type listUsersOutput struct{ Users []userType }

// listUsers lists all users, or those with an e-mail address.
func (s *Service) listUsers(p *pool, in *listUsersInput) (*listUsersOutput, error) {
	email, quoted := "", true
	if in.Filter != "" {
		name, value, _ := strings.Cut(in.Filter, "=")
		email, quoted = strings.CutPrefix(strings.TrimSpace(value), `"`)
		email = strings.TrimSuffix(email, `"`)
		quoted = quoted && strings.TrimSpace(name) == "email"
	}
	if !quoted {
		return nil, fail("InvalidParameterException", "Filter %q is not supported locally: want email = \"...\"", in.Filter)
	}
	out := &listUsersOutput{Users: []userType{}}
	for _, u := range p.users {
		if in.Filter == "" || u.attributes["email"] == email {
			out.Users = append(out.Users, u.describe())
		}
	}
	slices.SortFunc(out.Users, func(a, b userType) int { return strings.Compare(a.Username, b.Username) })
	return out, nil
}
